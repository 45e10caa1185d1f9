"""Flows as the oracle of the corpus counts them: ours from `meter --output flows`, theirs from
expected/NAME.json. Keys are text, so that a report can show them."""
import collections


def our_flows(records):
    """Sums by Community ID and sender: records of one connection may be several."""
    flows = collections.defaultdict(lambda: [0, 0, 0])
    for record in records:
        if not record["last"] or record["community_id"] is None:
            continue
        for end in (record["orig"], record["resp"]):
            if end["packets"]:
                entry = flows[record["community_id"], end["ip"], end["port"]]
                entry[0] += end["packets"]
                entry[1] += end["bytes"]
                entry[2] += end["payload_bytes"]
    return {"/".join(map(str, key)): value for key, value in flows.items()}


def their_flows(expected):
    flows = {}
    for flow in expected["flows"] + expected["other_ip_flows"]:
        ends = ((flow["src"], flow.get("sport")), (flow["dst"], flow.get("dport")))
        for side, (ip, port) in enumerate(ends):
            if flow["pkts"][side]:
                key = "/".join(map(str, (flow["cid"], ip, port)))
                old = flows.get(key, [0, 0, 0])  # both ends may be one address and port
                new = [flow["pkts"][side], flow["ip"][side], flow["payload"][side]]
                flows[key] = [a + b for a, b in zip(old, new)]
    return flows


def our_layer2(records):
    flows = collections.Counter()
    for record in records:
        if not record["last"] or not record["proto"].startswith("eth:"):
            continue
        for end in (record["orig"], record["resp"]):
            if end["packets"]:
                mac = end["mac"] or "00:00:00:00:00:00"
                flows[f"{record['proto'][4:]}/{mac}"] += end["packets"]
    return dict(flows)


def their_layer2(expected):
    flows = collections.Counter()
    for flow in expected["l2_flows"]:
        for side, mac in enumerate((flow["src"], flow["dst"])):
            if flow["pkts"][side]:
                flows[f"{flow['ethertype']}/{mac}"] += flow["pkts"][side]
    return dict(flows)


def our_roles(records):
    """Originators that a handshake proves; the first record of a connection counts."""
    roles = {}
    for record in records:
        if record["role_by"] in ("syn", "synack") and record["community_id"]:
            roles.setdefault(record["community_id"], record["orig"]["ip"])
    return roles


def their_roles(expected, ours):
    """A lone SYN+ACK proves nothing for us (first-seen): only what both call proven is compared."""
    return {flow["cid"]: flow["src"] for flow in expected["flows"]
            if flow["orig_by"] == "syn" or (flow["orig_by"] == "synack" and flow["cid"] in ours)}
