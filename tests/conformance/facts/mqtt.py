"""MQTT: packets by type."""
import collections

from . import counters

PROTOCOLS = ("mqtt",)
ORACLES = ("mqtt",)

TYPES = ("type0", "connect", "connack", "publish", "puback", "pubrec", "pubrel", "pubcomp",
         "subscribe", "suback", "unsubscribe", "unsuback", "pingreq", "pingresp", "disconnect",
         "auth")


def facts(_transactions, flows):
    types = collections.Counter()
    for name, count in counters(flows, "mqtt").items():
        types[str(TYPES.index(name))] += count
    return {"mqtt": {"types": types}}
