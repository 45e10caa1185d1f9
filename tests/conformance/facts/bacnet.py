"""BACnet: BVLC functions, NPDUs, APDUs by type and service, network messages, errors."""
import collections

from . import counters, was_asked

PROTOCOLS = ("bacnet",)
ORACLES = ("bacnet",)

BVLC = {
    "result": 0, "write_bdt": 1, "read_bdt": 2, "read_bdt_ack": 3, "forwarded_npdu": 4,
    "register_foreign_device": 5, "read_fdt": 6, "read_fdt_ack": 7, "delete_fdt": 8,
    "distribute_broadcast": 9, "unicast_npdu": 10, "broadcast_npdu": 11, "secure": 12,
}
APDU = ("confirmed_request", "unconfirmed_request", "simple_ack", "complex_ack", "segment_ack",
        "error", "reject", "abort")
NAMES = ("bvlc", "apdu_types", "confirmed", "unconfirmed", "network_messages", "errors", "rejects",
         "aborts")


def add_counters(facts, totals):
    for name, count in totals.items():
        kind, _, what = name.partition(".")
        if kind == "bvlc" and what in BVLC:
            facts["bvlc"][f"0x{BVLC[what]:02x}"] += count
        elif kind == "apdu":
            facts["apdu_types"][str(APDU.index(what))] += count


def add_confirmed(facts, t):
    """Segments count one by one, as the oracle has them."""
    detail, code = t["detail"], t["code"]
    if was_asked(t):
        facts["confirmed"][f"0/{code}"] += int(detail.get("request_segments", 1))
    response = detail.get("response")
    if response in ("simple_ack", "complex_ack", "error"):
        service = detail.get("response_service", code)
        facts["confirmed"][f"{APDU.index(response)}/{service}"] += int(
            detail.get("response_segments", 1))
    if response == "error" and "error_code" in detail:
        facts["errors"][f"{detail['error_class']}/{detail['error_code']}"] += 1
    elif response in ("reject", "abort"):
        facts[f"{response}s"][str(t["exception"])] += 1


def facts(transactions, flows):
    totals = counters(flows, "bacnet")
    result = {name: collections.Counter() for name in NAMES}
    add_counters(result, totals)
    for t in transactions:
        kind = t["detail"].get("kind")
        if kind == "confirmed":
            add_confirmed(result, t)
        elif kind == "unconfirmed":
            result["unconfirmed"][str(t["code"])] += 1
        elif kind == "network":
            result["network_messages"][f"0x{t['code']:02x}"] += 1
    npdus = totals.get("npdus", 0)
    return {"bacnet": {**result, **({"npdus": npdus} if npdus else {})}}
