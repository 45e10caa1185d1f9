"""HART-IP: messages by type/id, and the commands of pass-through messages in both directions."""
import collections

from . import counters, was_answered, was_asked

PROTOCOLS = ("hart-ip",)
ORACLES = ("hart_ip",)

IDS = {"initiate_session": 0, "close_session": 1, "pass_through": 3, "direct": 4}
TYPES = {"publish": 2, "error": 3, "nak": 15}


def facts(transactions, flows):
    messages, commands = collections.Counter(), collections.Counter()
    for t in transactions:
        detail = t["detail"]
        if detail["message"] not in IDS:
            continue  # the oracle does not know audit logs
        number = IDS[detail["message"]]
        directions = []
        if was_asked(t):
            directions.append(0)
        if was_answered(t):
            directions.append(TYPES.get(detail.get("message_type"), 1))
        for kind in directions:
            messages[f"{kind}/{number}"] += 1
            if detail["message"] == "pass_through":
                commands[str(t["code"])] += 1
    for name, count in counters(flows, "hart-ip").items():
        if name == "keep_alive_request":
            messages["0/2"] += count
        elif name == "keep_alive_response":
            messages["1/2"] += count
    return {"hart_ip": {"commands": commands, "messages": messages}}
