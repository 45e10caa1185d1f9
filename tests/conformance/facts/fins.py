"""FINS: requests and responses by command, and the commands of FINS/TCP."""
import collections

from . import counters, was_answered, was_asked

PROTOCOLS = ("fins",)
ORACLES = ("omron",)

TCP_COMMANDS = {"tcp_node_request": "0", "tcp_node_reply": "1", "tcp_frame": "2",
                "tcp_send_error": "3", "tcp_confirm": "6"}


def facts(transactions, flows):
    commands = collections.Counter()
    for t in transactions:
        if was_asked(t):
            commands[str(t["code"])] += 1
        if was_answered(t) and t["detail"].get("reply") != "not wanted":
            commands[str(t["code"])] += 1
    tcp = {TCP_COMMANDS[name]: count for name, count in counters(flows, "fins").items()
           if name in TCP_COMMANDS}
    return {"omron": {"commands": commands, "tcp_commands": tcp}}
