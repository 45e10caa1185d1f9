"""Holds a running collector against its own OpenAPI document, then throws nonsense at it.

usage: openapi_check.py URL CA TOKENS_FOLDER SEED REQUESTS

TOKENS_FOLDER has ROLE.token files: sensor, viewer, analyst, admin. Every answer must be one that the
document allows, and never a 500. The seed is printed with each failure, so that it can be repeated.
"""
import http.client
import json
import pathlib
import random
import re
import ssl
import sys
import time
import urllib.parse

import jsonschema

ROLES = ["viewer", "analyst", "admin"]  # each may do what the ones before may
SLOW_S = 8.0
# They end the session, or the tokens that the test itself calls with.
LEAVE_OUT = {("delete", "/api/v1/session"), ("delete", "/api/v1/tokens/{id}"), ("post", "/api/v1/tokens/{id}/rotate")}
NASTY = [
    "", " ", "\0", "%00", "../../etc/passwd", "'", "\"", "' OR 1=1 --", "${jndi:x}", "<script>alert(1)</script>",
    "\r\nSet-Cookie: a=b", "-1", "0", "1", "9223372036854775807", "9223372036854775808", "1e309", "NaN",
    "x" * 5000, "\u202e\u0000\u00e9\U0001f600", "(" * 300, "!" * 300, "ip.addr == " + "1" * 200, "a.b.c",
    "ip.addr in {" + ",".join(["10.0.0.1"] * 300) + "}", "2026-02-30T25:61:61Z", "99999999999d", "true", "null", "[]", "{}",
]


class Server:
    def __init__(self, url, ca, tokens):
        parts = urllib.parse.urlsplit(url)
        self.host, self.port = parts.hostname, parts.port
        self.context = ssl.create_default_context(cafile=ca)
        self.tokens = {path.stem: path.read_text().strip() for path in pathlib.Path(tokens).glob("*.token")}
        self.connection = None

    def ask(self, method, target, role=None, body=None, headers=None):
        sent = dict(headers or {})
        if role:
            sent["Authorization"] = "Bearer " + self.tokens[role]
        for attempt in (1, 2):  # a kept connection may have been closed meanwhile
            try:
                if self.connection is None:
                    self.connection = http.client.HTTPSConnection(self.host, self.port, context=self.context, timeout=30)
                self.connection.request(method.upper(), target, body=body, headers=sent)
                answer = self.connection.getresponse()
                return answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read()
            except (http.client.HTTPException, OSError):
                self.connection = None
                if attempt == 2:
                    raise
        return None


class Document:
    def __init__(self, root):
        self.root = root
        self.operations = []
        for path, item in root["paths"].items():
            for method, operation in item.items():
                parameters = [self.resolve(p) for p in operation.get("parameters", [])]
                self.operations.append((method, path, operation, parameters))

    def resolve(self, part):
        while "$ref" in part:
            target = self.root
            for name in part["$ref"][2:].split("/"):
                target = target[name]
            part = target
        return part

    def schema(self, schema):
        return {**schema, "components": self.root["components"]}

    def check(self, where, operation, status, headers, body):
        """The answer is one that the document has for this operation."""
        responses = operation["responses"]
        if status < 400:
            assert str(status) in responses, f"{where}: {status} is not documented"
        response = self.resolve(responses.get(str(status), responses["default"]))
        contents = response.get("content", {})
        if not contents:
            assert not body, f"{where}: a body of {len(body)} bytes is not documented"
            return
        kind = headers.get("content-type", "").split(";")[0]
        assert kind in contents, f"{where}: {status} as {kind!r} is not documented ({list(contents)})"
        if kind in ("application/json", "application/problem+json"):
            value = json.loads(body)
            jsonschema.Draft202012Validator(self.schema(contents[kind].get("schema", {}))).validate(value)
            if kind == "application/problem+json":
                assert value["status"] == status, f"{where}: problem says {value['status']}, header {status}"


    def members_of(self, schema):
        """The properties of a schema and what it is made of, its other members' schema and its items'."""
        schema = self.resolve(schema)
        properties, others, items = dict(schema.get("properties", {})), schema.get("additionalProperties"), schema.get("items")
        for part in schema.get("allOf", []) + schema.get("oneOf", []) + schema.get("anyOf", []):
            more, their_others, their_items = self.members_of(part)
            properties = {**more, **properties}
            others, items = their_others if others is None else others, their_items if items is None else items
        return properties, others, items

    def undocumented(self, value, schema, place=""):
        """Places of members that a client could only find out by trying."""
        properties, others, items = self.members_of(schema)
        if self.resolve(schema) == {} or others is True:
            return []
        if isinstance(value, list):
            if items is None:
                return [place + "[]"] if value else []
            return [p for one in value for p in self.undocumented(one, items, place + "[]")]
        found = []
        for name, one in value.items() if isinstance(value, dict) else ():
            known = properties.get(name, others or None)
            found += [f"{place}.{name}"] if known is None else self.undocumented(one, known, f"{place}.{name}")
        return found


def expect(condition, text):
    if not condition:
        raise AssertionError(text)


def target_of(path, parameters, values):
    for parameter in parameters:
        if parameter["in"] == "path":
            value = str(values.get(parameter["name"], "1"))
            path = path.replace("{" + parameter["name"] + "}", urllib.parse.quote(value, safe=""))
    query = [(p["name"], values[p["name"]]) for p in parameters if p["in"] == "query" and p["name"] in values]
    return path + ("?" + urllib.parse.urlencode(query) if query else "")


def samples(server):
    """Names of things that are there, by (path prefix, parameter)."""
    def first(path, field):
        items = json.loads(server.ask("get", path, "admin")[2])["items"]
        expect(items, f"{path} has nothing: the test needs data")
        return items[0][field]
    return {"/api/v1/flows/": first("/api/v1/flows?last=90000d", "id"), "/api/v1/sensors/": first("/api/v1/sensors", "name")}


def known_values(path, parameters, known):
    values = {}
    for parameter in parameters:
        if parameter["in"] == "path":
            prefix = next((p for p in known if path.startswith(p)), None)
            values[parameter["name"]] = known[prefix] if prefix else "1"
    return values


def check_reads(server, document, known):
    for method, path, operation, parameters in document.operations:
        if method != "get" or operation["x-role"] == "sensor" or "x-stream" in operation:
            continue
        values = known_values(path, parameters, known)
        for parameter in parameters:
            if parameter.get("required") and parameter["in"] == "query":
                values[parameter["name"]] = parameter.get("example", parameter["schema"].get("examples", ["1"])[0])
        where = f"get {path}"
        status, headers, body = server.ask("get", target_of(path, parameters, values), "admin")
        expect(status < 500 or status == 501, f"{where}: {status} {body[:300]!r}")
        document.check(where, operation, status, headers, body)
        if status == 200 and headers["content-type"] == "application/json" and path != "/api/v1/openapi.json":
            schema = operation["responses"]["200"]["content"]["application/json"]["schema"]
            there = sorted(set(document.undocumented(json.loads(body), schema)))
            expect(not there, f"{where}: not in the document: {there}")
        check_parameter_names(server, document, path, operation, parameters, values)
        check_closed_sets(server, document, path, operation, parameters, values)
        print(f"  {status} {where}")


def check_closed_sets(server, document, path, operation, parameters, values):
    """What is none of the values that there are is refused, not taken for something that is not there."""
    for parameter in parameters:
        name, schema = parameter["name"], document.resolve(parameter.get("schema", {}))
        closed = "enum" in schema or name in ("sensor", "action", "target")
        if parameter["in"] != "query" or not closed:
            continue
        target = target_of(path, parameters, {**values, name: "nosuch"})
        status, headers, body = server.ask("get", target, "admin")
        expect(status in (400, 404), f"get {target}: {status}")
        document.check(f"get {target}", operation, status, headers, body)


def check_parameter_names(server, document, path, operation, parameters, values):
    """A parameter that is unknown is refused, and those that are known are those of the document."""
    target = target_of(path, parameters, values)
    target += ("&" if "?" in target else "?") + "no_such_parameter=1"
    status, headers, body = server.ask("get", target, "admin")
    if path in ("/healthz", "/metrics", "/api/v1/openapi.json", "/api/v1/session"):
        return
    expect(status == 400, f"get {path}: an unknown parameter gives {status}")
    document.check(f"get {target}", operation, status, headers, body)
    detail = json.loads(body)["detail"]
    said = re.search(r"there are: (.*)$", detail)
    names = {p["name"] for p in parameters if p["in"] == "query"}
    there = set(said.group(1).replace(",", " ").split()) if said else set()
    expect(there == names, f"get {path}: takes {sorted(there)}, documented {sorted(names)}: {detail}")


def check_roles(server, document):
    for method, path, operation, parameters in document.operations:
        role = operation["x-role"]
        target = target_of(path, parameters, {})
        if role == "public":
            continue
        status, headers, body = server.ask(method, target)
        expect(status == 401, f"{method} {path} without a token: {status}")
        document.check(f"{method} {path}", operation, status, headers, body)
        others = ["sensor"] + ROLES[: ROLES.index(role)] if role in ROLES else ROLES
        for other in others:
            status, _, body = server.ask(method, target, other)
            expect(status == 403, f"{method} {path} as {other}: {status} {body[:200]!r}")


def fits(path, template):
    """Whether a template of another path covers this one too, as /rules/{id} does /rules/test."""
    return re.fullmatch(re.sub(r"\\{[a-z_]+\\}", "[^/]+", re.escape(template)), path) is not None


def check_methods(server, document):
    by_path = {}
    for method, path, _, parameters in document.operations:
        by_path.setdefault(path, (set(), parameters))[0].add(method)
    for path, (own, parameters) in by_path.items():
        methods = own.union(*(more for other, (more, _) in by_path.items() if fits(path, other)))
        for method in {"get", "put", "post", "delete", "patch", "trace"} - methods:
            status, headers, _ = server.ask(method, target_of(path, parameters, {}), "admin")
            expect(status == 405, f"{method} {path}: {status} instead of 405")
            allowed = {name.strip().lower() for name in headers["allow"].split(",")} - {"head"}
            expect(allowed == methods, f"{path}: Allow says {allowed}, documented {methods}")


def value_for(schema, rng):
    """Something that a schema might take, or might not."""
    if rng.random() < 0.3:
        return rng.choice(NASTY)
    if "enum" in schema:
        return rng.choice(schema["enum"])
    kind = schema.get("type", "string")
    if kind == "integer":
        low, high = schema.get("minimum", 0), schema.get("maximum", 1000)
        return rng.choice([low, high, low - 1, high + 1, rng.randint(low, high)])
    if schema.get("format") == "date-time":
        return rng.choice(["2026-11-01T00:00:00Z", "1970-01-01T00:00:00Z", "2262-04-11T23:47:16Z", "0000-01-01", "2026-11-01"])
    return rng.choice(schema.get("examples", []) + ["ip.addr == 10.0.0.0/8", "command", "s1", "flow.bytes > 1", "sensor"])


def json_for(document, schema, rng, depth=0):
    schema = document.resolve(schema)
    if depth > 4 or rng.random() < 0.15:
        return rng.choice([None, True, -1, 1e300, "x", [], {}, [[]], rng.choice(NASTY), 2**63])
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            return json_for(document, rng.choice(schema[choice]), rng, depth + 1)
    if "const" in schema:
        return schema["const"]
    kind = schema.get("type", "string")
    kind = rng.choice(kind) if isinstance(kind, list) else kind
    if kind == "object":
        names = [n for n in schema.get("properties", {}) if n in schema.get("required", []) or rng.random() < 0.5]
        made = {n: json_for(document, schema["properties"][n], rng, depth + 1) for n in names}
        if rng.random() < 0.1:
            made[rng.choice(NASTY)] = 1
        return made
    if kind == "array":
        return [json_for(document, schema.get("items", {}), rng, depth + 1) for _ in range(rng.randint(0, 3))]
    return {"boolean": True, "null": None}.get(kind, value_for(schema, rng))


def body_for(document, operation, rng):
    contents = operation.get("requestBody", {}).get("content", {})
    if not contents:
        return (b"unexpected" if rng.random() < 0.1 else None), {}
    kind = rng.choice(list(contents))
    if rng.random() < 0.2:
        return rng.randbytes(rng.randint(0, 2000)), {"Content-Type": kind}
    if kind != "application/json":
        return rng.choice([b"", b"{}\n{}", rng.randbytes(200), b"\x28\xb5\x2f\xfd" + rng.randbytes(50)]), {"Content-Type": kind}
    text = json.dumps(json_for(document, contents[kind].get("schema", {}), rng)).encode()
    if rng.random() < 0.1:
        text = text[: rng.randint(0, len(text))]
    if rng.random() < 0.05:
        text = b"[" * 5000 + text
    return text, {"Content-Type": kind}


def fuzz(server, document, known, seed, requests):
    rng = random.Random(seed)
    operations = [o for o in document.operations if (o[0], o[1]) not in LEAVE_OUT and "x-stream" not in o[2]]
    counts = {}
    for number in range(requests):
        method, path, operation, parameters = rng.choice(operations)
        role = operation["x-role"]
        values = known_values(path, parameters, known)
        for parameter in parameters:
            if parameter["in"] == "query" and rng.random() < 0.5:
                values[parameter["name"]] = value_for(document.resolve(parameter["schema"]), rng)
            if parameter["in"] == "path" and rng.random() < 0.4:
                values[parameter["name"]] = value_for(parameter["schema"], rng) or "x"
        body, headers = body_for(document, operation, rng)
        caller = None if role == "public" else "sensor" if role == "sensor" else fuzz_role(role, rng)
        target = target_of(path, parameters, values)
        where = f"seed {seed}, request {number}: {method} {target[:300]} {(body or b'')[:200]!r}"
        began = time.monotonic()
        status, answered, text = server.ask(method, target, caller, body, headers)
        expect(time.monotonic() - began < SLOW_S, f"{where}: took {time.monotonic() - began:.1f} s")
        expect(status < 500 or status in (501, 503), f"{where}: {status} {text[:300]!r}")
        expect("set-cookie" not in answered or path == "/api/v1/session", f"{where}: sets a cookie")
        if method != "head" and not (status == 404 and "/" in str(values)):
            document.check(where, operation, status, answered, text)
        counts[status] = counts.get(status, 0) + 1
    return counts


def fuzz_role(role, rng):
    """The least role that may, so that what it changes is as little as possible."""
    return role if rng.random() < 0.9 else "admin"


def main():
    url, ca, tokens, seed, requests = sys.argv[1:]
    server = Server(url, ca, tokens)
    status, _, body = server.ask("get", "/api/v1/openapi.json")
    expect(status == 200, f"the document: {status}")
    document = Document(json.loads(body))
    known = samples(server)
    check_reads(server, document, known)
    check_roles(server, document)
    check_methods(server, document)
    counts = fuzz(server, document, known, int(seed), int(requests))
    expect(counts.get(200, 0) > 0 and counts.get(400, 0) > 0, f"the fuzzer reached too little: {counts}")
    status, _, _ = server.ask("get", "/healthz")
    expect(status == 200, f"not healthy afterwards: {status}")
    print(f"{len(document.operations)} operations, {requests} requests: " + ", ".join(f"{n} x {s}" for s, n in sorted(counts.items())))


main()
