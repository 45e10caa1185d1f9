"""EtherNet/IP and CIP: messages by command, services by class, errors, I/O packets, identities."""
import collections

from . import counters, was_answered, was_asked

PROTOCOLS = ("enip", "cip", "cip-io")
ORACLES = ("enip", "cip", "enip_identity")

COMMANDS = {
    "nop": 0x00, "list_targets": 0x01, "list_services": 0x04, "list_identity": 0x63,
    "list_interfaces": 0x64, "register_session": 0x65, "unregister_session": 0x66,
    "send_rr_data": 0x6f, "send_unit_data": 0x70, "indicate_status": 0x72, "cancel": 0x73,
    "start_dtls": 0xc8,
}
UNCONNECTED_SEND = 0x52
CONNECTION_MANAGER = 6


def encapsulation(transactions, flows):
    facts = {name: collections.Counter() for name in ("commands", "to_server", "from_server",
                                                      "status")}
    for name, count in counters(flows, "enip").items():
        direction, _, command = name.partition(".")
        if command in COMMANDS:
            key = f"0x{COMMANDS[command]:04x}"
            facts["commands"][key] += count
            facts[direction][key] += count
    for t in transactions:
        if "encapsulation_status" in t["detail"]:
            facts["status"][t["detail"]["encapsulation_status"]] += 1
    packets = counters(flows, "cip-io").get("packets", 0)
    return {**facts, **({"io_packets": packets} if packets else {})}


def messages(transactions):
    """A request inside an Unconnected Send counts as that, its response as the inner service."""
    facts = {name: collections.Counter() for name in ("requests", "responses", "request_class",
                                                      "errors")}
    for t in transactions:
        detail, service = t["detail"], t["code"]
        if was_asked(t):
            asked, asked_class = service, detail.get("class")
            if detail.get("via") == "unconnected_send":
                asked, asked_class = UNCONNECTED_SEND, CONNECTION_MANAGER
            facts["requests"][f"0x{asked:02x}"] += 1
            if asked_class is not None:
                facts["request_class"][f"0x{asked:02x}/0x{int(asked_class):02x}"] += 1
        if was_answered(t) and "encapsulation_status" not in detail:
            facts["responses"][f"0x{service:02x}"] += 1
        if "general_status" in detail:
            facts["errors"][f"0x{service:02x}/{detail['general_status']}"] += 1
    return facts


def facts(transactions, flows):
    cip = [t for t in transactions if t["protocol"] == "cip"]
    names = collections.Counter(t["detail"]["product_name"] for t in transactions
                                if t["protocol"] == "enip" and "product_name" in t["detail"])
    return {"enip": encapsulation(transactions, flows), "cip": messages(cip),
            "enip_identity": {"names": names} if names else {}}
