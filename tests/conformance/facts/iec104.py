"""IEC 104: frames by format, U frames, ASDUs by type and cause, common addresses, activations."""
import collections

from . import counters

PROTOCOLS = ("iec104",)
ORACLES = ("iec104",)


def count_asdu(counts, type_id, cause, unit):
    counts["typeids"][str(type_id)] += 1
    counts["type_cot"][f"{type_id}/{cause}"] += 1
    counts["common_addresses"][str(unit)] += 1
    if str(cause) == "6" and 45 <= type_id <= 69:
        counts["control_activations"][str(type_id)] += 1
    if str(cause) == "6" and 100 <= type_id <= 107:
        counts["system_activations"][str(type_id)] += 1


def count_u_frame(counts, t):
    """The oracle's numbers are the bits above the format: act 1, 4, 16; con 2, 8, 32."""
    counts["u_types"][str(t["code"] >> 2)] += 1
    if "confirmed" in t["detail"]:
        counts["u_types"][str((t["code"] >> 2) * 2)] += 1


def facts(transactions, flows):
    counts = {name: collections.Counter() for name in (
        "apci", "u_types", "typeids", "type_cot", "common_addresses", "control_activations",
        "system_activations")}
    for t in transactions:
        detail = t["detail"]
        if detail.get("layer") == "apci":
            count_u_frame(counts, t)
            continue
        unit = t["unit"]
        count_asdu(counts, t["code"], detail.get("cause"), unit)
        if "reply_cause" in detail:
            count_asdu(counts, int(detail["reply_type"]), detail["reply_cause"],
                       detail.get("reply_unit", unit))
        if "term_cause" in detail:
            count_asdu(counts, t["code"], detail["term_cause"], detail.get("reply_unit", unit))
    for name, value in counters(flows, "iec104").items():
        counts["apci"][name[0].upper()] += value
    return {"iec104": counts}
