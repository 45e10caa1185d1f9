"""PROFINET DCP: messages by service and type."""
import collections

PROTOCOLS = ("profinet-dcp",)
ORACLES = ("pn_dcp",)


def facts(transactions, _flows):
    services = collections.Counter()
    for t in transactions:
        answered = "service_type" in t["detail"]
        if t["status"] != "unsolicited" or not answered:
            services[f"{t['code']}/0"] += 1
        if answered:
            services[f"{t['code']}/{t['detail']['service_type']}"] += 1
    return {"pn_dcp": {"services": services}}
