"""COTP: TPDUs by the high nibble of their type, from the flows' counters."""
from . import counters

PROTOCOLS = ()
ORACLES = ("cotp",)

TYPES = {"cr": "14", "cc": "13", "dc": "12", "dr": "8", "er": "7", "dt": "15"}


def facts(_transactions, flows):
    counted = counters(flows, "cotp")
    types = {TYPES[name]: number for name, number in counted.items() if name in TYPES}
    return {"cotp": {"types": types} if types else {}}
