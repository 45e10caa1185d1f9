"""Modbus: PDUs by unit and function, exceptions, address ranges, MEI and diagnostics."""
import collections

from . import was_answered, was_asked

PROTOCOLS = ("modbus",)
ORACLES = ("modbus",)

COUNTED = ("pdus", "requests", "responses", "write_requests", "exceptions", "mei_requests",
           "diagnostics")
ADDRESSED = {1, 2, 3, 4, 5, 6, 15, 16, 22}
WRITES = {5, 6, 15, 16, 21, 22, 23}


def span(ranges, key, first, quantity):
    """A cut or absurd quantity still touches the first address, as the oracle has it."""
    if first is None or first < 0:
        return
    quantity = quantity or 1
    low, high = ranges.get(key, (first, first))
    ranges[key] = [min(low, first), max(high, first + quantity - 1)]


def count_request(counts, ranges, t, key):
    detail = t["detail"]
    counts["requests"][key] += 1
    if t["code"] in WRITES:
        counts["write_requests"][key] += 1
    if t["code"] == 23:
        span(ranges, key + "w", t["address"], t["quantity"])
        span(ranges, key + "r", int(detail.get("read_address", -1)),
             int(detail.get("read_quantity", 0)))
    elif t["code"] in ADDRESSED:
        span(ranges, key, t["address"], t["quantity"])
    if "mei_type" in detail:
        counts["mei_requests"][f"{detail['mei_type']}/{detail.get('read_code')}"] += 1
    if "sub_function" in detail:
        counts["diagnostics"][detail["sub_function"]] += 1


def facts(transactions, _flows):
    counts = {name: collections.Counter() for name in COUNTED}
    ranges = {}
    for t in transactions:
        key = f"{t['unit']}/{t['code']}"
        if was_asked(t):
            counts["pdus"][key] += 1
            count_request(counts, ranges, t, key)
        if was_answered(t):
            counts["pdus"][key] += 1
            counts["responses"][key] += 1
        if t["exception"] is not None:
            counts["exceptions"][f"{key}/{t['exception']}"] += 1
    return {"modbus": {**counts, "ranges": ranges}}
