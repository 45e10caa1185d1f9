"""MMS: confirmed services by tag."""
import collections

PROTOCOLS = ("mms",)
ORACLES = ("mms",)


def facts(transactions, _flows):
    requests, responses = collections.Counter(), collections.Counter()
    for t in transactions:
        if t["code"] > 255:  # initiate, conclude, reports
            continue
        if t["status"] != "unsolicited":
            requests[str(t["code"])] += 1
        # An error, and what has no service or another one's.
        failed = "error_class" in t["detail"] or bool(
            {"mms-service-mismatch", "mms-ber"} & set(t["anomalies"]))
        if t["status"] != "no-reply" and not failed:
            responses[str(t["code"])] += 1
    return {"mms": {"confirmed_requests": requests, "confirmed_responses": responses}}
