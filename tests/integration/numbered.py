#!/usr/bin/env python3
"""Numbered UDP datagrams: send them, and account for them in a capture.

  numbered.py send ADDRESS COUNT [FIRST] [--size N] [--rate PER_S]
  numbered.py check FILE.pcap FIRST COUNT     exit 0 when each number is there exactly once
"""
import argparse
import socket
import struct
import sys
import time
from collections import Counter

MARK = b"tapiary#"
PORT = 5099


def send(options):
    sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    start = time.monotonic()
    for index in range(options.count):
        number = struct.pack(">Q", options.first + index)
        sender.sendto((MARK + number).ljust(options.size, b"."), (options.address, PORT))
        if options.rate:
            time.sleep(max(0.0, start + (index + 1) / options.rate - time.monotonic()))


def numbers(path):
    with open(path, "rb") as file:
        data = file.read()
    seen = Counter()
    offset = data.find(MARK)
    while offset >= 0 and offset + 16 <= len(data):
        seen[struct.unpack_from(">Q", data, offset + 8)[0]] += 1
        offset = data.find(MARK, offset + 16)
    return seen


def check(options):
    seen = numbers(options.file)
    wanted = range(options.first, options.first + options.count)
    missing = [n for n in wanted if not seen[n]]
    doubled = [n for n in wanted if seen[n] > 1]
    print(f"{len(wanted) - len(missing)} of {len(wanted)} there, {len(missing)} missing, {len(doubled)} more than once")
    if missing:
        print(f"first missing {missing[0]}, last {missing[-1]}")
    return 1 if missing or doubled else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    verbs = parser.add_subparsers(required=True)
    sending = verbs.add_parser("send")
    sending.add_argument("address")
    sending.add_argument("count", type=int)
    sending.add_argument("first", type=int, nargs="?", default=0)
    sending.add_argument("--size", type=int, default=64)
    sending.add_argument("--rate", type=float, default=0)
    sending.set_defaults(run=send)
    checking = verbs.add_parser("check")
    checking.add_argument("file")
    checking.add_argument("first", type=int)
    checking.add_argument("count", type=int)
    checking.set_defaults(run=check)
    options = parser.parse_args()
    return options.run(options)


if __name__ == "__main__":
    sys.exit(main())
