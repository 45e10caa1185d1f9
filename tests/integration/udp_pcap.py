#!/usr/bin/env python3
"""udp_pcap.py FILE FIRST COUNT PORT: a pcap of numbered UDP packets a millisecond apart."""
import struct
import sys

START_NS = 1_790_000_000_000_000_000


def frame(number, port):
    data = struct.pack(">I", number) * 50
    udp = struct.pack(">HHHH", 40000, port, 8 + len(data), 0) + data
    ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(udp), number & 0xFFFF, 0, 64, 17, 0)
    return b"\2\0\0\0\0\1\2\0\0\0\0\2\x08\0" + ip + bytes([10, 0, 0, 1, 10, 0, 0, 2]) + udp


def main():
    first, count, port = map(int, sys.argv[2:5])
    with open(sys.argv[1], "wb") as out:
        out.write(struct.pack("<IHHIIII", 0xA1B23C4D, 2, 4, 0, 0, 262144, 1))
        for number in range(first, first + count):
            packet = frame(number, port)
            seconds, nanos = divmod(START_NS + number * 1_000_000, 10**9)
            out.write(struct.pack("<IIII", seconds, nanos, len(packet), len(packet)) + packet)


main()
