#!/usr/bin/env python3
"""Compares what was attacked with what was recorded.

  check.py frames WITNESS.pcap RECORDED.pcap   every frame of the witness is recorded, byte for byte
  check.py commands ATTACK.json TRANSACTIONS.ndjson   every request of the attacker became a transaction

The witness is tcpdump on the PLC's own interface: another program at another place than the sensor.
Exit 0 when all is there, 1 with a line for each difference.
"""
import json
import struct
import sys
from collections import Counter

NANO_MAGIC = {b"\x4d\x3c\xb2\xa1": "<", b"\xa1\xb2\x3c\x4d": ">"}


def read_pcap(path):
    """Yields (nanoseconds, wire length, frame) of a nanosecond pcap file."""
    with open(path, "rb") as file:
        data = file.read()
    order = NANO_MAGIC.get(data[:4])
    if order is None:
        sys.exit(f"{path}: not a pcap file with nanoseconds")
    offset = 24
    while offset + 16 <= len(data):
        seconds, nanos, captured, wire = struct.unpack_from(order + "IIII", data, offset)
        frame = data[offset + 16 : offset + 16 + captured]
        if len(frame) < captured:
            break
        yield seconds * 10**9 + nanos, wire, frame
        offset += 16 + captured


def between_ipv4_hosts(frame):
    return frame[12:14] in (b"\x08\x00", b"\x08\x06")


def check_frames(witness_path, recorded_path):
    witness = [r for r in read_pcap(witness_path) if between_ipv4_hosts(r[2])]
    recorded = [r for r in read_pcap(recorded_path) if between_ipv4_hosts(r[2])]
    missing = Counter(r[2] for r in witness) - Counter(r[2] for r in recorded)
    doubled = Counter(r[2] for r in recorded) - Counter(r[2] for r in witness)
    short = sum(1 for _, wire, frame in recorded if wire != len(frame))
    fine_times = sum(1 for time, _, _ in recorded if time % 1000)
    print(
        f"frames: {len(witness)} seen at the PLC, {len(recorded)} recorded, "
        f"{missing.total()} missing, {doubled.total()} more than once or unknown, {short} cut, "
        f"{fine_times} with times finer than a microsecond"
    )
    good = witness and not missing and not doubled and not short and fine_times
    return 0 if good else 1


def wanted(step):
    """The part of an attacker's step that a transaction must show."""
    keys = ("operation", "code", "unit", "address", "quantity", "values", "status", "exception")
    return {key: step[key] for key in keys if step.get(key) is not None}


def fits(step, transaction):
    return all(transaction.get(key) == value for key, value in step.items())


def check_commands(attack_path, transactions_path):
    with open(attack_path) as file:
        steps = json.load(file)["steps"]
    with open(transactions_path) as file:
        transactions = [json.loads(line) for line in file if line.strip()]
    left = list(transactions)
    missing = 0
    for step in steps:
        want = wanted(step)
        found = next((t for t in left if fits(want, t)), None)
        if found is None:
            missing += 1
            print(f"not recorded: {json.dumps(want)}")
        else:
            left.remove(found)
    print(f"requests: {len(steps)} sent by the attacker's script, {len(steps) - missing} found among {len(transactions)} transactions")
    return 0 if steps and not missing else 1


def main(arguments):
    checks = {"frames": check_frames, "commands": check_commands}
    if len(arguments) != 3 or arguments[0] not in checks:
        sys.exit(__doc__)
    return checks[arguments[0]](*arguments[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
