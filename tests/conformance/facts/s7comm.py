"""S7comm: messages by ROSCTR, jobs and answers by function, userdata, errors, PI services, SZLs.

Cyclic pushes (userdata group 2) are counters, not transactions.
"""
import collections

from . import counters

PROTOCOLS = ("s7comm",)
ORACLES = ("s7comm",)

NAMES = ("rosctr", "job", "ack", "ack_data", "errors", "pi_service", "userdata_functions", "szl_ids")
PUSHES = {"push_cyclic": "0/2/1", "push_change_driven": "0/2/5",
          "push_change_driven_modify": "0/2/7"}


def count_userdata(counts, t, asked, answered):
    group, function = divmod(t["code"], 256)
    detail = t["detail"]
    if not asked and not answered:
        if group != 2:
            counts["rosctr"]["7"] += 1
            counts["userdata_functions"][f"0/{group}/{function}"] += 1
        return
    for message_type, there in ((4, asked), (8, answered)):
        if there:
            counts["rosctr"]["7"] += 1
            counts["userdata_functions"][f"{message_type}/{group}/{function}"] += 1
            # An answer with an error names no list.
            if "szl_id" in detail and (message_type == 4 or "userdata_error" not in detail):
                counts["szl_ids"][detail["szl_id"]] += 1
    if t["code"] == 0x401:
        for listed in t["values"]:
            counts["szl_ids"][f"0x{listed:04x}"] += 1


def count_job(counts, t, asked, answered):
    detail = t["detail"]
    function = str(t["code"])
    if asked:
        counts["rosctr"]["1"] += 1
        counts["job"][function] += 1
        if "pi_service" in detail:
            counts["pi_service"][detail["pi_service"]] += 1
    if answered:
        kind = "ack" if detail.get("answer") == "ack" else "ack_data"
        counts["rosctr"]["2" if kind == "ack" else "3"] += 1
        if kind == "ack_data":
            counts["ack_data"][function] += 1
    if "error_class" in detail:
        counts["errors"][f"{detail['error_class']}/{detail['error_code']}"] += 1


def facts(transactions, flows):
    counts = {name: collections.Counter() for name in NAMES}
    for t in transactions:
        asked = t["status"] != "unsolicited"
        userdata = t["code"] >= 256
        # A spontaneous message has no answer; an answer without request has the answer's marks.
        answered = t["status"] != "no-reply" if asked else t["detail"].get("only") == "response"
        (count_userdata if userdata else count_job)(counts, t, asked, answered)
    for name, number in counters(flows, "s7comm").items():
        if name in PUSHES:
            counts["rosctr"]["7"] += number
            counts["userdata_functions"][PUSHES[name]] += number
    return {"s7comm": counts}
