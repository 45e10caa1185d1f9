#!/usr/bin/python3
"""replay.py INTERFACE RATE FILE...: sends the frames of pcap files, at most RATE a second."""

import socket
import struct
import sys
import time


def main():
    sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    sender.bind((sys.argv[1], 0))
    rate, sent, start = float(sys.argv[2]), 0, time.monotonic()
    for path in sys.argv[3:]:
        with open(path, "rb") as file:
            data = memoryview(file.read())
        at = 24
        while at < len(data):
            size = struct.unpack_from("<I", data, at + 8)[0]
            sender.send(data[at + 16 : at + 16 + size])
            at += 16 + size
            sent += 1
            if sent % 256 == 0:
                time.sleep(max(0.0, start + sent / rate - time.monotonic()))
    print(f'{{"sent": {sent}}}')


main()
