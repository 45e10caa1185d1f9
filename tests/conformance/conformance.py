#!/usr/bin/env python3
"""Runs `tapiary meter` over the capture corpus and compares it with the expected values.

usage: conformance.py TAPIARY CAPTURES [--only TEXT] [--verbose]

CAPTURES is the corpus folder (captures/README.md there defines every value). Each fact of each file is
one of: equal, ours only, theirs only, different. A crash, a wrong packet or byte count, or a difference
that known-differences.txt does not list fails. Exit codes: 0 ok, 1 failed, 2 usage, 77 no corpus.
"""
import argparse
import collections
import fnmatch
import glob
import json
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TIMEOUT_S = 120
WRITES = {5, 6, 15, 16, 21, 22, 23}
PORTS = {"tcp": 6, "udp": 17, "icmp": 1, "icmp6": 58, "sctp": 132}


def run(tapiary, output, path):
    """The records of one file, and the exit code (None: it hung)."""
    try:
        done = subprocess.run(
            [tapiary, "meter", path, "--output", output, "--format", "ndjson"],
            capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return [], None
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode


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
                flows[f"{record['proto'][4:]}/{end['mac'] or '00:00:00:00:00:00'}"] += end["packets"]
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


def span(ranges, key, first, quantity):
    """A cut or absurd quantity still touches the first address, as the oracle has it."""
    if first is None or first < 0:
        return
    quantity = quantity or 1
    low, high = ranges.get(key, (first, first))
    ranges[key] = [min(low, first), max(high, first + quantity - 1)]


def our_modbus(transactions):
    facts = {name: collections.Counter() for name in (
        "pdus", "requests", "responses", "write_requests", "exceptions", "mei_requests",
        "diagnostics")}
    ranges = {}
    for t in transactions:
        if t["protocol"] != "modbus":
            continue
        key = f"{t['unit']}/{t['code']}"
        if t["status"] != "unsolicited":
            facts["pdus"][key] += 1
            facts["requests"][key] += 1
            if t["code"] in WRITES:
                facts["write_requests"][key] += 1
            if t["code"] == 23:
                detail = t["detail"]
                span(ranges, key + "w", t["address"], t["quantity"])
                span(ranges, key + "r", int(detail.get("read_address", -1)),
                     int(detail.get("read_quantity", 0)))
            elif t["code"] in (1, 2, 3, 4, 5, 6, 15, 16, 22):
                span(ranges, key, t["address"], t["quantity"])
            if "mei_type" in t["detail"]:
                code = t["detail"].get("read_code")
                facts["mei_requests"][f"{t['detail']['mei_type']}/{code}"] += 1
            if "sub_function" in t["detail"]:
                facts["diagnostics"][t["detail"]["sub_function"]] += 1
        if t["status"] != "no-reply":
            facts["pdus"][key] += 1
            facts["responses"][key] += 1
        if t["exception"] is not None:
            facts["exceptions"][f"{key}/{t['exception']}"] += 1
    out = {name: dict(counter) for name, counter in facts.items()}
    out["ranges"] = ranges
    return out


class Report:
    def __init__(self, known, verbose):
        self.known = known
        self.used = set()
        self.verbose = verbose
        self.counts = collections.Counter()
        self.failures = []

    def listed(self, name, fact):
        for row in self.known:
            if fnmatch.fnmatch(name, row[0]) and fnmatch.fnmatch(fact, row[1]):
                self.used.add(row)
                return row[2]
        return None

    def result(self, name, fact, ours, theirs):
        if ours == theirs:
            self.counts["equal"] += 1
            return
        kind = "different"
        if isinstance(ours, dict) and isinstance(theirs, dict):
            common = set(ours) & set(theirs)
            if all(ours[key] == theirs[key] for key in common):
                if not set(theirs) - common:
                    kind = "ours only"
                elif not set(ours) - common:
                    kind = "theirs only"
        self.counts[kind] += 1
        reason = self.listed(name, fact)
        if reason is None:
            self.failures.append(f"{name}: {fact}")
        if reason is None or self.verbose:
            print(f"{'known' if reason else 'FAIL '} {name}: {fact}: {kind}"
                  + (f" ({reason})" if reason else ""))
            self.show(ours, theirs)

    @staticmethod
    def show(ours, theirs):
        if not isinstance(ours, dict) or not isinstance(theirs, dict):
            print(f"        ours {ours}, theirs {theirs}")
            return
        keys = [k for k in sorted(set(ours) | set(theirs)) if ours.get(k) != theirs.get(k)]
        for key in keys[:8]:
            print(f"        {key}: ours {ours.get(key)}, theirs {theirs.get(key)}")
        if len(keys) > 8:
            print(f"        and {len(keys) - 8} more")


def check_file(report, tapiary, path, expected):
    name = "/".join(path.split(os.sep)[-2:])
    summary, code = run(tapiary, "summary", path)
    if code is None or code < 0 or code > 1 or len(summary) != 1:
        report.failures.append(f"{name}: ended with {code}")
        print(f"FAIL  {name}: ended with {code}")
        return
    for fact in ("packets", "captured_bytes", "wire_bytes"):
        report.result(name, fact, summary[0][fact], expected[fact])
    cut = summary[0]["end_is_cut"]
    report.result(name, "truncated", cut, expected["container"]["truncated"])
    flows, _ = run(tapiary, "flows", path)
    report.result(name, "flows", our_flows(flows), their_flows(expected))
    report.result(name, "layer2", our_layer2(flows), their_layer2(expected))
    roles = our_roles(flows)
    theirs = their_roles(expected, roles)
    report.result(name, "roles", {k: v for k, v in roles.items() if k in theirs}, theirs)
    transactions, _ = run(tapiary, "transactions", path)
    ours = our_modbus(transactions)
    modbus = expected["ot"].get("modbus", {})
    for fact, value in ours.items():
        report.result(name, "modbus." + fact, value, modbus.get(fact, {}))


def read_known(path):
    rows = []
    with open(path, encoding="utf-8") as lines:
        for number, line in enumerate(lines, 1):
            line = line.split("#")[0].strip()
            if not line:
                continue
            parts = [part.strip() for part in line.split("|")]
            if len(parts) != 3 or not parts[2]:
                sys.exit(f"{path}:{number}: want FILE | FACT | REASON")
            rows.append(tuple(parts))
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("tapiary")
    parser.add_argument("captures")
    parser.add_argument("--only", default="", help="files whose path contains this")
    parser.add_argument("--verbose", action="store_true", help="show known differences too")
    args = parser.parse_args()
    files = sorted(glob.glob(os.path.join(args.captures, "*", "*.pcap*")))
    if not files:
        print(f"no captures in {args.captures}: nothing to compare")
        return 77
    report = Report(read_known(os.path.join(HERE, "known-differences.txt")), args.verbose)
    done = 0
    for path in files:
        stem = os.path.basename(path).rsplit(".", 1)[0]
        facts = os.path.join(args.captures, "expected", stem + ".json")
        if args.only not in path or not os.path.exists(facts):
            continue
        with open(facts, encoding="utf-8") as source:
            check_file(report, args.tapiary, path, json.load(source))
        done += 1
    for row in report.known:
        if not args.only and row not in report.used:
            print(f"stale {row[0]} | {row[1]}: no such difference any more")
    counts = report.counts
    print(f"{done} files: {counts['equal']} facts equal, {counts['ours only']} ours only, "
          f"{counts['theirs only']} theirs only, {counts['different']} different; "
          f"{len(report.failures)} not explained")
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
