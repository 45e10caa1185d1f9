#!/usr/bin/env python3
"""Runs `tapiary meter` over the capture corpus and compares it with the expected values.

usage: conformance.py TAPIARY CAPTURES [--only TEXT] [--facts PATTERN] [--verbose] [--strict]

CAPTURES is the corpus folder (captures/README.md there defines every value). Each fact of each file
is one of: equal, ours only, theirs only, different. A crash, a wrong packet or byte count, or a
difference that known-differences.txt does not list fails. OT facts come from facts/, one module per
protocol (README.md). Exit codes: 0 ok, 1 failed, 2 usage, 77 no corpus.
"""
import argparse
import concurrent.futures
import glob
import json
import os
import subprocess
import sys
import traceback

import facts
import flow_facts
import oracle
from report import Report, read_known

HERE = os.path.dirname(os.path.abspath(__file__))
TIMEOUT_S = 120
KINDS = ("summary", "flow", "transaction")


def run(tapiary, path):
    """The records of one file by kind, and the exit code (None: it hung)."""
    records = {kind: [] for kind in KINDS}
    try:
        done = subprocess.run(
            [tapiary, "meter", path, "--output", "all", "--format", "ndjson"],
            capture_output=True, timeout=TIMEOUT_S, check=False)
    except subprocess.TimeoutExpired:
        return records, None
    for line in done.stdout.splitlines():
        for kind, record in json.loads(line).items():
            records[kind].append(record)
    return records, done.returncode


def empty_like(value):
    return {} if isinstance(value, dict) else 0


def ot_facts(report, name, modules, flows, transactions):
    """What all modules say of one file, by oracle key. A module that fails fails the file."""
    ours = {}
    for module_name, module in modules.items():
        mine = [t for t in transactions if t["protocol"] in module.PROTOCOLS]
        try:
            for key, found in module.facts(mine, flows).items():
                facts.add(ours.setdefault(key, {}), found)
        except Exception:  # the other protocols are still compared
            traceback.print_exc()
            report.fail(name, f"facts/{module_name}.py failed")
    return ours


def check_ot(report, name, modules, flows, transactions, expected):
    ours = ot_facts(report, name, modules, [f for f in flows if f["last"]], transactions)
    answered = {key for module in modules.values() for key in module.ORACLES}
    for key in sorted(answered | set(expected)):
        mine, theirs = ours.get(key, {}), expected.get(key, {})
        for fact in sorted(set(mine) | set(theirs)):
            name_of_fact = f"{key}.{fact}"
            if key not in answered:
                if report.wants(name_of_fact):
                    report.not_compared[key] += 1
                continue
            a, b = mine.get(fact), theirs.get(fact)
            report.result(name, name_of_fact, empty_like(b) if a is None else a,
                          empty_like(a) if b is None else b)


def check_file(report, modules, path, result, expected):
    name = "/".join(path.split(os.sep)[-2:])
    records, code = result
    if code is None or code < 0 or code > 1:
        report.fail(name, f"ended with {code}")
        return
    summary, flows, transactions = (records[kind] for kind in KINDS)
    if len(summary) != 1:
        report.fail(name, f"{len(summary)} summaries")
        return
    for fact in ("packets", "captured_bytes", "wire_bytes"):
        report.result(name, fact, summary[0][fact], expected[fact])
    report.result(name, "truncated", summary[0]["end_is_cut"],
                  expected["container"]["truncated"])
    report.result(name, "flows", flow_facts.our_flows(flows), flow_facts.their_flows(expected))
    report.result(name, "layer2", flow_facts.our_layer2(flows), flow_facts.their_layer2(expected))
    roles = flow_facts.our_roles(flows)
    theirs = flow_facts.their_roles(expected, roles)
    report.result(name, "roles", {k: v for k, v in roles.items() if k in theirs}, theirs)
    check_ot(report, name, modules, flows, transactions, oracle.ot_facts(expected))


def corpus(folder, only):
    """(capture, file of expected values) of every capture that has them."""
    pairs = []
    for path in sorted(glob.glob(os.path.join(folder, "*", "*.pcap*"))):
        stem = os.path.basename(path).rsplit(".", 1)[0]
        values = os.path.join(folder, "expected", stem + ".json")
        if only in path and os.path.exists(values):
            pairs.append((path, values))
    return pairs


def check_all(report, modules, tapiary, pairs):
    """Files in order; the meter runs ahead on all processors."""
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        runs = {path: pool.submit(run, tapiary, path) for path, _ in pairs}
        for path, values in pairs:
            with open(values, encoding="utf-8") as source:
                expected = json.load(source)
            check_file(report, modules, path, runs.pop(path).result(), expected)


def print_summary(report, args, count):
    if not args.only and args.facts == "*":
        for row in report.known:
            if row not in report.used:
                print(f"stale {row[0]} | {row[1]}: no such difference any more")
    missing = report.not_compared
    if missing:
        rows = ", ".join(f"{oracle} {number}" for oracle, number in sorted(missing.items()))
        print(f"not compared, no module in facts/: {rows}")
        if args.strict:
            report.failures.extend(missing)
    counts = report.counts
    print(f"{count} files: {counts['equal']} facts equal, {counts['ours only']} ours only, "
          f"{counts['theirs only']} theirs only, {counts['different']} different, "
          f"{sum(missing.values())} not compared; {len(report.failures)} not explained")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("tapiary")
    parser.add_argument("captures")
    parser.add_argument("--only", default="", help="files whose path contains this")
    parser.add_argument("--facts", default="*", help="facts that match, e.g. 'modbus.*'")
    parser.add_argument("--verbose", action="store_true", help="show equal and known ones too")
    parser.add_argument("--strict", action="store_true", help="facts without a module fail")
    args = parser.parse_args()
    pairs = corpus(args.captures, args.only)
    if not pairs:
        print(f"no captures in {args.captures}: nothing to compare")
        return 77
    modules, broken = facts.load()
    report = Report(read_known(os.path.join(HERE, "known-differences.txt")), args.verbose,
                    args.facts)
    for name in broken:
        report.fail(f"facts/{name}.py", "cannot be loaded")
    check_all(report, modules, args.tapiary, pairs)
    print_summary(report, args, len(pairs))
    return 1 if report.failures else 0


if __name__ == "__main__":
    sys.exit(main())
