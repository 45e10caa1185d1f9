"""GOOSE and sampled values: packets and states by control block, packets and ASDUs by stream."""
import collections

from . import counters

PROTOCOLS = ("goose", "sv")
ORACLES = ("goose", "sv")


def facts(transactions, flows):
    packets, states, svids = collections.Counter(), collections.defaultdict(set), {}
    for t in transactions:
        detail = t["detail"]
        if t["protocol"] == "sv":
            if t["operation"] == "sv_summary":
                svids[detail["sv_id"]] = svids.get(detail["sv_id"], 0) + int(detail["asdus"])
            continue
        if "gocb_ref" not in detail:
            continue
        key = f"{t['unit']}|{detail['gocb_ref'] or None}"
        states[key] |= set()
        if t["operation"] == "goose_summary":
            packets[key] += int(detail["packets"])
        elif t["operation"] == "send_goose_message":
            states[key].add(detail["st_num"])
    goose = {"packets": packets, "distinct_stnum": {key: len(seen) for key, seen in states.items()}}
    counted = counters(flows, "sv")
    sv = {"packets": counted.get("packets", 0), "asdus": counted.get("asdus", 0), "svids": svids}
    return {"goose": goose, "sv": sv if counted else {}}
