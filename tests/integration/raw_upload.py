#!/usr/bin/env python3
"""An upload that breaks off: announces the whole file, sends a part, and goes.

  raw_upload.py URL TOKEN_FILE METHOD PATH FILE --percent N [--hold SECONDS]
"""
import argparse
import base64
import hashlib
import socket
import ssl
import time
from urllib.parse import urlparse


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name in ("url", "token_file", "method", "path", "file"):
        parser.add_argument(name)
    parser.add_argument("--percent", type=int, required=True)
    parser.add_argument("--hold", type=float, default=0, help="stay connected so long")
    options = parser.parse_args()
    with open(options.token_file, encoding="ascii") as file:
        token = file.read().strip()
    with open(options.file, "rb") as file:
        body = file.read()
    digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
    head = (
        f"{options.method} {options.path} HTTP/1.1\r\nHost: test\r\nAuthorization: Bearer {token}\r\n"
        f"Content-Digest: sha-256=:{digest}:\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    url = urlparse(options.url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # the collector of the test, on loopback
    with socket.create_connection((url.hostname, url.port), timeout=10) as plain:
        with context.wrap_socket(plain) as secure:
            secure.sendall(head.encode() + body[: len(body) * options.percent // 100])
            time.sleep(options.hold)


if __name__ == "__main__":
    main()
