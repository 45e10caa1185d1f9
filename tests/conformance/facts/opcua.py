"""OPC UA: messages by type, services by type id, security policies, errors."""
import collections

from . import counters

PROTOCOLS = ("opcua",)
ORACLES = ("opcua",)

TYPES = ("hel", "ack", "err", "rhe", "opn", "msg", "clo")
POLICIES = {
    "none": "None", "basic128rsa15": "Basic128Rsa15", "basic256": "Basic256",
    "basic256sha256": "Basic256Sha256", "aes128_sha256_rsaoaep": "Aes128_Sha256_RsaOaep",
    "aes256_sha256_rsapss": "Aes256_Sha256_RsaPss", "other": "other",
}
PUBLISH = {"publish_request": "826", "publish_response": "829"}
FAULT = 397


def add_services(services, t):
    detail, code, only = t["detail"], t["code"], t["detail"].get("only")
    if code == 0 or only == "counted" or "encrypted" in detail:
        return
    if only != "response":
        services[str(code)] += 1
    if only != "request" and t["status"] != "no-reply" and "aborted" not in detail:
        fault = code == FAULT or "service_fault" in detail
        services[str(FAULT if fault else detail.get("response_id", code + 3))] += 1


def facts(transactions, flows):
    result = {name: collections.Counter() for name in ("messages", "services",
                                                       "security_policies", "errors")}
    for name, count in counters(flows, "opcua").items():
        if name in TYPES:
            result["messages"][name.upper()] += count
        elif name in PUBLISH:
            result["services"][PUBLISH[name]] += count
        elif name.startswith("policy."):
            result["security_policies"][POLICIES[name[len("policy."):]]] += count
    for t in transactions:
        add_services(result["services"], t)
        if t["detail"].get("error") is not None:
            result["errors"][str(t["exception"])] += 1
    return {"opcua": result}
