#!/usr/bin/python3
"""A small HTTPS collector that can be told to misbehave, for forwarder_test.cc.

  https_server.py certs FOLDER      makes a CA and server keys: good, wrongname, expired, future,
                                    selfsigned
  https_server.py serve FOLDER [--cert NAME] [--host IP] [--port N] [--script A,B,..] [--segments A] [--limit N] [--ahead S] [--log FILE]

Writes its port as a line to stdout. Each request takes the next action of the script; the last one
stays. Actions: ok | lose (store, then close without an answer) | stall (never read on, never
answer) | NNN[:HEADER=VALUE] (answer that status, store nothing). --limit N answers 413 above N bytes,
--segments A gives all segments the action A, and the script to all others.
The log gets a line per request: TIME METHOD PATH SIZE STATUS TOKEN-OK DIGEST-OK EXPECT PEER-PORT
"""
import argparse
import base64
import hashlib
import http.server
import os
import ssl
import subprocess
import sys
import threading
import time

TOKEN = "test-token"


def openssl(*args):
    subprocess.run(["openssl", *args], check=True, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


CA_CONFIG = """[ca]
default_ca = own
[own]
database = {folder}/index.txt
new_certs_dir = {folder}
certificate = {folder}/ca.pem
private_key = {folder}/ca.key
default_md = sha256
rand_serial = yes
policy = names
x509_extensions = extensions
[names]
commonName = supplied
[extensions]
{alt}
"""


def make_certs(folder):
    def at(name):
        return os.path.join(folder, name)

    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    good_name = "subjectAltName=IP:127.0.0.1,IP:10.99.77.2,DNS:localhost"
    openssl("req", "-x509", *key, "-keyout", at("ca.key"), "-out", at("ca.pem"), "-days", "2",
            "-subj", "/CN=Test CA", "-addext", "basicConstraints=critical,CA:TRUE")
    openssl("req", "-x509", *key, "-keyout", at("selfsigned.key"), "-out", at("selfsigned.pem"),
            "-days", "2", "-subj", "/CN=localhost", "-addext", good_name)
    for name, alt, days in (("good", good_name, "2"), ("expired", good_name, "0"),
                            ("wrongname", "subjectAltName=DNS:other.example", "2")):
        openssl("req", *key, "-keyout", at(name + ".key"), "-out", at(name + ".csr"),
                "-subj", "/CN=" + name)
        with open(at("ext"), "w", encoding="ascii") as ext:
            ext.write(alt + "\n")
        openssl("x509", "-req", "-in", at(name + ".csr"), "-CA", at("ca.pem"), "-CAkey",
                at("ca.key"), "-CAcreateserial", "-days", days, "-extfile", at("ext"), "-out",
                at(name + ".pem"))
    # As every certificate looks to a sensor whose clock begins in 1970.
    openssl("req", *key, "-keyout", at("future.key"), "-out", at("future.csr"), "-subj",
            "/CN=future")
    with open(at("ca.cnf"), "w", encoding="ascii") as config:
        config.write(CA_CONFIG.format(folder=folder, alt=good_name))
    with open(at("index.txt"), "w", encoding="ascii"):
        pass
    openssl("ca", "-batch", "-notext", "-config", at("ca.cnf"), "-in", at("future.csr"), "-out",
            at("future.pem"), "-startdate", "20950101000000Z", "-enddate", "20960101000000Z")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, options):
        super().__init__((options.host, options.port), Handler)
        self.options = options
        self.script = options.script.split(",")
        self.items = {}
        self.lock = threading.Lock()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        path = os.path.join(options.folder, options.cert)
        context.load_cert_chain(path + ".pem", path + ".key")
        # The handshake is done by the handler's thread, so that a failed one stops nobody.
        self.socket = context.wrap_socket(self.socket, server_side=True,
                                          do_handshake_on_connect=False)

    def handle_error(self, request, client_address):
        if self.options.log:
            self.log_line("ERROR %s" % type(sys.exc_info()[1]).__name__)

    def log_line(self, line):
        with self.lock, open(self.options.log, "a", encoding="ascii") as log:
            log.write("%.3f %s\n" % (time.time(), line))

    def next_action(self):
        with self.lock:
            return self.script.pop(0) if len(self.script) > 1 else self.script[0]


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *_):
        pass

    def date_time_string(self, timestamp=None):
        now = time.time() if timestamp is None else timestamp
        return super().date_time_string(now + self.server.options.ahead)

    def answer(self, status, headers=()):
        body = b'{"title": "test"}'
        self.send_response(status)
        self.send_header("Content-Type", "application/problem+json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def note(self, size, status, digest_ok):
        token_ok = self.headers.get("Authorization") == "Bearer " + TOKEN
        self.server.log_line("%s %s %d %d %d %d %s %d" % (
            self.command, self.path, size, status, token_ok, digest_ok,
            self.headers.get("Expect", "-"), self.client_address[1]))

    def do_PUT(self):
        if self.server.options.segments and "/segments/" in self.path:
            action = self.server.options.segments
        else:
            action = self.server.next_action()
        size = int(self.headers["Content-Length"])
        if action == "stall":
            self.note(size, 0, False)
            time.sleep(3600)
        if self.server.options.limit and size > self.server.options.limit:
            self.close_connection = True
            self.note(size, 413, False)
            return self.answer(413, (("Connection", "close"),))
        body = self.rfile.read(size)
        if len(body) < size:
            self.close_connection = True
            return None
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        digest_ok = self.headers.get("Content-Digest") == "sha-256=:%s:" % digest
        status, headers = 201, ()
        if self.headers.get("Authorization") != "Bearer " + TOKEN:
            status = 401
        elif action[0].isdigit():
            code, _, header = action.partition(":")
            status = int(code)
            headers = (tuple(header.split("=", 1)),) if header else ()
        else:
            with self.server.lock:
                known = self.server.items.setdefault(self.path, digest)
                if known != digest:
                    status = 409
                elif self.path in getattr(self.server, "taken", set()):
                    status = 200
                else:
                    self.server.taken = getattr(self.server, "taken", set()) | {self.path}
        self.note(size, 0 if action == "lose" else status, digest_ok)
        if action == "lose":
            self.close_connection = True
            return None
        return self.answer(status, headers)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("verb", choices=["certs", "serve"])
    parser.add_argument("folder")
    parser.add_argument("--cert", default="good")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--script", default="ok")
    parser.add_argument("--segments", default="", help="the action for all segments")
    parser.add_argument("--limit", type=int, default=0)
    parser.add_argument("--ahead", type=int, default=0, help="seconds that its clock is ahead")
    parser.add_argument("--log", default="/dev/null")
    options = parser.parse_args()
    if options.verb == "certs":
        return make_certs(options.folder)
    server = Server(options)
    print(server.server_address[1], flush=True)
    return server.serve_forever()


if __name__ == "__main__":
    main()
