#!/usr/bin/env python3
"""Every route of a collector asked by everybody: roles.py URL CA FOLDER_OF_TOKENS

Each row names the least role. Nobody and a wrong token get 401, a lower role 403, and whoever is
high enough neither. Sensors reach the paths of sensors, and people do not.
"""
import ssl
import sys
import urllib.error
import urllib.request

ROLES = ["viewer", "analyst", "admin"]
ROUTES = [
    ("GET", "/api/v1/flows", "viewer"),
    ("GET", "/api/v1/flows/a.1.1", "viewer"),
    ("GET", "/api/v1/flows/histogram", "viewer"),
    ("GET", "/api/v1/flows/a.1.1/pcap", "viewer"),
    ("GET", "/api/v1/transactions", "viewer"),
    ("GET", "/api/v1/commands", "viewer"),
    ("GET", "/api/v1/events", "viewer"),
    ("GET", "/api/v1/events/quarantined", "viewer"),
    ("GET", "/api/v1/events/sessions", "viewer"),
    ("GET", "/api/v1/alerts", "viewer"),
    ("POST", "/api/v1/alerts/999999/acknowledge", "analyst"),
    ("GET", "/api/v1/alerts/rules", "viewer"),
    ("POST", "/api/v1/alerts/rules", "analyst"),
    ("POST", "/api/v1/alerts/rules/test", "analyst"),
    ("PUT", "/api/v1/alerts/rules/999999", "analyst"),
    ("DELETE", "/api/v1/alerts/rules/999999", "analyst"),
    ("GET", "/api/v1/alerts/messages", "viewer"),
    ("POST", "/api/v1/alerts/messages/999999/retry", "analyst"),
    ("GET", "/api/v1/alerts/targets", "viewer"),
    ("POST", "/api/v1/alerts/targets/nobody/test", "analyst"),
    ("GET", "/api/v1/pcap", "viewer"),
    ("GET", "/api/v1/segments/1", "viewer"),
    ("GET", "/api/v1/sensors", "viewer"),
    ("GET", "/api/v1/sensors/plant-x/ledger", "viewer"),
    ("GET", "/api/v1/sensors/plant-x/health", "viewer"),
    ("GET", "/api/v1/filter/fields", "viewer"),
    ("GET", "/metrics", "viewer"),
    ("GET", "/api/v1/session", "viewer"),
    ("GET", "/api/v1/sessions", "viewer"),
    ("DELETE", "/api/v1/sessions/999999", "viewer"),
    ("GET", "/api/v1/tokens", "viewer"),
    ("DELETE", "/api/v1/tokens/999999", "viewer"),
    ("GET", "/api/v1/completeness", "viewer"),
    ("GET", "/api/v1/keys", "viewer"),
    ("GET", "/api/v1/case", "analyst"),
    ("GET", "/api/v1/audit", "admin"),
    ("GET", "/api/v1/users", "admin"),
    ("POST", "/api/v1/users", "admin"),
    ("GET", "/api/v1/users/nobody", "admin"),
    ("PATCH", "/api/v1/users/nobody", "admin"),
    ("DELETE", "/api/v1/users/nobody", "admin"),
    ("POST", "/api/v1/users/nobody/password", "admin"),
    ("PUT", "/api/v1/ingest/segments/1/1", "sensor"),
    ("PUT", "/api/v1/ingest/flows/1/1", "sensor"),
    ("PUT", "/api/v1/ingest/facts/1/1", "sensor"),
    ("POST", "/api/v1/ingest/pcap", "sensor"),
    ("POST", "/api/v1/ingest/events", "sensor"),
]


def status(context, url, method, token, more=()):
    request = urllib.request.Request(url, method=method, data=b"" if method != "GET" else None)
    if token:
        request.add_header("Authorization", "Bearer " + token)
    for name, value in more:
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, context=context, timeout=30) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def allowed(role, least):
    if least == "sensor" or role == "sensor":
        return role == least
    return ROLES.index(role) >= ROLES.index(least)


def main():
    url, ca, folder = sys.argv[1:]
    context = ssl.create_default_context(cafile=ca)
    tokens = {}
    for role in ["sensor"] + ROLES:
        with open(f"{folder}/{role}.token", encoding="ascii") as file:
            tokens[role] = file.read().strip()
    wrong = []
    for method, path, least in ROUTES:
        headers = (("X-Remote-User", "ann"), ("X-Forwarded-For", "127.0.0.1"))
        got = {"nobody": status(context, url + path, method, None, headers)}
        for role, token in tokens.items():
            got[role] = status(context, url + path, method, token)
        for role, code in got.items():
            if role == "nobody":
                good = code == 401
            elif allowed(role, least):
                good = code not in (401, 403, 404, 405) or (code == 404 and not path.endswith("s"))
            else:
                good = code == 403
            if not good:
                wrong.append(f"{method} {path} by {role}: {code}")
    print("\n".join(wrong) or f"{len(ROUTES)} routes by {len(tokens) + 1} callers: as they should")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
