#!/usr/bin/env python3
"""Receivers of alerts for alert_test.sh: alert_receiver.py FOLDER CERTIFICATE KEY HOOK TRAP TLS TCP

HOOK (https) listens on 127.0.0.2, TRAP (which nobody may reach) on all addresses, TLS and TCP (syslog,
RFC 6587 octet counting) on 127.0.0.1. What comes is a line of JSON in FOLDER: hook.jsonl, trap.jsonl,
syslog.jsonl, with its time of arrival. The word in FOLDER/mode says what HOOK does: ok, hang (take it
and never answer), refuse (503), redirect (to TRAP).
"""
import hashlib
import hmac
import json
import re
import socket
import ssl
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

HEADER = re.compile(r"<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) ")
PARAMETER = re.compile(r' ([!-<>-\\^-~]{1,32})="((?:[^"\\\]]|\\["\\\]])*)"')
lock = threading.Lock()
folder = ""
trap_port = 0


def note(name, **fields):
    with lock, open(f"{folder}/{name}.jsonl", "a", encoding="utf-8") as file:
        file.write(json.dumps({"arrived": time.time(), **fields}) + "\n")


def mode():
    with open(f"{folder}/mode", encoding="ascii") as file:
        return file.read().strip()


def signed(header, body):
    """The signature is right, and not older than a minute."""
    found = re.fullmatch(r"t=(\d+),v1=([0-9a-f]{64})", header or "")
    if not found or abs(time.time() - int(found[1])) > 60:
        return False
    with open(f"{folder}/hook.secret", encoding="ascii") as file:
        secret = file.read().strip().encode()
    expected = hmac.new(secret, found[1].encode() + b"." + body, hashlib.sha256).hexdigest()
    return hmac.compare_digest(expected, found[2])


class Hook(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        now = mode()
        note("hook", mode=now, delivery=self.headers["Tapiary-Delivery"], body=json.loads(body),
             signed=signed(self.headers["Tapiary-Signature"], body))
        if now == "hang":
            time.sleep(600)
        self.send_response({"refuse": 503, "redirect": 307}.get(now, 204))
        if now == "redirect":
            self.send_header("Location", f"https://127.0.0.1:{trap_port}/")
        self.end_headers()

    def log_message(self, *_):
        pass


class HookServer(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass  # a collector that was killed


class Trap(threading.Thread):
    """Notes whoever connects."""

    def __init__(self, family, address):
        super().__init__(daemon=True)
        self.listener = socket.create_server((address, trap_port), family=family)

    def run(self):
        while True:
            connection, peer = self.listener.accept()
            note("trap", peer=str(peer))
            connection.close()


def parse(message):
    """A message of RFC 5424 with one element of structured data; what is wrong with it raises."""
    text = message.decode("utf-8")
    head = HEADER.match(text)
    assert head and int(head[1]) <= 191, "header"
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?Z", head[2]), "time"
    rest = text[head.end():]
    element = re.match(r"\[([!-<>-\\^-~]{1,32})", rest)
    assert element and element[1] == "tapiary@32473", "element"
    rest, data = rest[element.end():], {}
    while found := PARAMETER.match(rest):
        data[found[1]] = re.sub(r'\\(["\\\]])', r"\1", found[2])
        rest = rest[found.end():]
    assert rest.startswith("] \ufeff") and "\n" not in rest, "message"
    return {"priority": int(head[1]), "app": head[4], "kind": head[6], "data": data, "text": rest[3:]}


def take(connection, way):
    """Frames until the end; an incomplete one at the end is an error."""
    stream = connection.makefile("rb")
    while length := b"".join(iter(lambda: stream.read(1), b" ") if stream.peek(1) else []):
        assert length.isdigit() and len(length) <= 5, "length"
        message = stream.read(int(length))
        assert len(message) == int(length), "cut"
        note("syslog", way=way, **parse(message))


class Syslog(threading.Thread):
    def __init__(self, way, port, context=None):
        super().__init__(daemon=True)
        self.way, self.context = way, context
        self.listener = socket.create_server(("127.0.0.1", port))

    def run(self):
        while True:
            threading.Thread(target=self.serve, args=self.listener.accept()[:1], daemon=True).start()

    def serve(self, connection):
        try:
            if self.context:
                connection = self.context.wrap_socket(connection, server_side=True)
            take(connection, self.way)
        except (OSError, AssertionError, UnicodeDecodeError) as error:
            note("syslog", way=self.way, error=repr(error))
        connection.close()


def main():
    global folder, trap_port
    folder, certificate, key = sys.argv[1:4]
    hook_port, trap_port, tls_port, tcp_port = map(int, sys.argv[4:])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    Trap(socket.AF_INET, "0.0.0.0").start()
    Trap(socket.AF_INET6, "::").start()
    Syslog("tls", tls_port, context).start()
    Syslog("tcp", tcp_port).start()
    server = HookServer(("127.0.0.2", hook_port), Hook)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    server.serve_forever()


if __name__ == "__main__":
    main()
