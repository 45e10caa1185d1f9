#!/usr/bin/env python3
"""A small Modbus server and client for tests, without libraries.

  modbus_talk.py serve ADDRESS PORT
  modbus_talk.py write ADDRESS PORT SOURCE [--count N] [--gap SECONDS]: single registers, one connection
  modbus_talk.py read  ADDRESS PORT SOURCE
"""
import argparse
import socket
import socketserver
import struct
import time


def message(stream):
    """One message of the stream as (transaction, unit, PDU), or None at its end."""
    head = stream.read(7)
    if len(head) < 7:
        return None
    transaction, _, length, unit = struct.unpack(">HHHB", head)
    return transaction, unit, stream.read(length - 1)


def pack(transaction, unit, pdu):
    return struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu


class Plc(socketserver.StreamRequestHandler):
    def handle(self):
        while asked := message(self.rfile):
            transaction, unit, pdu = asked
            answer = pdu if pdu[0] == 6 else bytes([pdu[0], 2, 0, 7])
            self.wfile.write(pack(transaction, unit, answer))


class Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def ask(options):
    with socket.create_connection((options.address, options.port), 5, (options.source, 0)) as connection:
        stream = connection.makefile("rb")
        for number in range(options.count):
            code = 6 if options.what == "write" else 3
            connection.sendall(pack(number, 1, struct.pack(">BHH", code, 16, 1)))
            if message(stream) is None:
                raise SystemExit("no answer")
            time.sleep(options.gap)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["serve", "write", "read"])
    parser.add_argument("address")
    parser.add_argument("port", type=int)
    parser.add_argument("source", nargs="?")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--gap", type=float, default=0)
    options = parser.parse_args()
    if options.what == "serve":
        Server((options.address, options.port), Plc).serve_forever()
    ask(options)


if __name__ == "__main__":
    main()
