"""ADS/AMS: requests and responses by command; notifications are a counter."""
import collections

from . import counters

PROTOCOLS = ("ads",)
ORACLES = ("ams",)

# Not those of the router's datagrams, which are no AMS frames.
OPERATIONS = ("unknown_command", "read_device_info", "read", "write", "read_state", "write_control",
              "add_device_notification", "delete_device_notification", "read_write")


def facts(transactions, flows):
    commands = collections.Counter()
    for t in transactions:
        if t["operation"] not in OPERATIONS:
            continue
        commands[str(t["code"])] += 2 if t["status"] in ("ok", "exception") else 1
    notifications = counters(flows, "ads").get("notification", 0)
    if notifications:
        commands["8"] += notifications
    return {"ams": {"commands": commands}}
