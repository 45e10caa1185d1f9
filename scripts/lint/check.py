#!/usr/bin/python3
"""The checks of lint.sh that read source text: who includes whom, sizes, missing tests, paths.

Prints one "file:line: text" for each finding; exit 1 when there are any. Standard library only.
The C++ reading is a heuristic for code that clang-format has formatted, not a parser.
"""

import re
import subprocess
import sys
from pathlib import Path

MAX_FILE_LINES = 500
MAX_FUNCTION_LINES = 60
MAX_BASE_LINES = 1500

# Which folders (or prefixes of paths) a folder may include. Missing here: any.
ARROWS = {
    "base": ("base/",),
    "capture": ("base/", "capture/"),
    "uplink": ("base/", "capture/", "uplink/"),
    "ovs": ("base/", "ovs/"),
    "server": ("base/", "capture/", "uplink/wire/", "server/"),
}
PRODUCT = ("base", "capture", "uplink", "ovs", "server", "cli")
FOLDERS = PRODUCT + ("tests", "bench")

# Third-party headers and the only places that know them. Tests and main files are free.
THIRD_PARTY = (
    (r"rocksdb/", ("uplink/spool/",)),
    (r"boost/(beast|asio)", ("server/http/",)),
    (r"sqlite3\.h", ("server/catalog/",)),
    (r"libpq", ("server/catalog/",)),
    (r"curl/", ("uplink/", "server/vault/", "server/alert/", "server/http/curl_setup", "cli/collector_client")),
    (r"pcap(/|\.h)", ("capture/source/",)),
    (r"yaml-cpp/", ("base/config", "ovs/", "server/ingest/event_mapping_yaml")),
    (r"spdlog/", ("base/log.cc",)),
    (r"rapidjson/", ("server/ingest/json_tree.cc",)),
    (r"ndpi", ("capture/label/ndpi",)),
)
PUBLIC_MAY_INCLUDE = ("boost/system/result.hpp", "fmt/core.h")
SYSTEM_FOLDERS = ("sys/", "linux/", "net/", "netinet/", "arpa/")
SYSTEM_HEADERS = {
    "dirent.h", "dlfcn.h", "endian.h", "errno.h", "fcntl.h", "grp.h", "ifaddrs.h", "netdb.h",
    "poll.h", "pthread.h", "pwd.h", "sched.h", "signal.h", "spawn.h", "stdint.h", "string.h",
    "termios.h", "time.h", "unistd.h",
}

CPP = (".h", ".cc")
SIZED = CPP + (".sh", ".py", ".ts", ".js", ".svelte", ".proto", ".cmake")
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)', re.MULTILINE)
ABSOLUTE = re.compile(r"(?<![\w.~-])/work" + r"/")


class Findings:
    def __init__(self):
        self.lines = []

    def add(self, path, line, text):
        self.lines.append(f"{path}:{line}: {text}")


def line_at(text, position):
    return text.count("\n", 0, position) + 1


def read_reasons(root, path, findings):
    """Lines of "key reason"; '#' starts a comment. Returns {key: line}."""
    entries = {}
    file = root / path
    if not file.is_file():
        return entries
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        key, _, reason = line.strip().partition(" ")
        if not reason.strip():
            findings.add(path, number, f"{key} has no reason")
        entries[key] = number
    return entries


def is_main(path):
    return path.endswith(("_main.cc", "/main.cc"))


# --- includes -------------------------------------------------------------------------------------


def public_headers(root):
    """What the HEADERS lists of the folders' CMakeLists.txt name."""
    found = set()
    for folder in PRODUCT:
        file = root / folder / "CMakeLists.txt"
        if not file.is_file():
            continue
        words = re.sub(r"#.*", "", file.read_text()).replace("(", " ").replace(")", " ").split()
        in_headers = False
        for word in words:
            if re.fullmatch(r"[A-Z_]+", word):
                in_headers = word == "HEADERS"
            elif in_headers:
                found.add(f"{folder}/{word}")
    return found


def is_third_party(name):
    if "." not in name and "/" not in name:
        return False
    return name not in SYSTEM_HEADERS and not name.startswith(SYSTEM_FOLDERS)


def check_includes(path, text, public, findings):
    folder = path.split("/")[0]
    free = folder in ("tests", "bench") or is_main(path)
    for match in INCLUDE.finditer(text):
        quote, name = match.groups()
        line = line_at(text, match.start(2))
        if quote == '"':
            if not name.startswith(tuple(f + "/" for f in FOLDERS)):
                findings.add(path, line, f'"{name}" is not a path from the root of the repository')
            elif not free and not name.startswith(ARROWS.get(folder, ("",))):
                findings.add(path, line, f"{folder} may not include {name}")
            continue
        for pattern, places in THIRD_PARTY:
            if not free and re.match(pattern, name) and not path.startswith(places):
                findings.add(path, line, f"<{name}> belongs in {' and '.join(places)} only")
        if path in public and is_third_party(name) and name not in PUBLIC_MAY_INCLUDE:
            findings.add(path, line, f"public header includes third-party <{name}>")


def check_own_header(path, text, paths, findings):
    """A source proves that its header compiles alone: it is what the compiler reads first."""
    header = path.removesuffix(".cc") + ".h"
    first = INCLUDE.search(text)
    if path.endswith(".cc") and header in paths and (not first or first.group(2) != header):
        findings.add(path, line_at(text, first.start(2)) if first else 1,
                     f'"{header}" must be the first include')


# --- sizes ----------------------------------------------------------------------------------------

NOISE = re.compile(
    r'R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<!\w)'(?:\\.|[^'\\\n])+'"
    r"|//[^\n]*|/\*.*?\*/",
    re.DOTALL,
)
DIRECTIVE = re.compile(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", re.MULTILINE)
CONTAINER = re.compile(
    r"^\s*(template\s*<[^{]*>\s*)?(inline\s+)?(typedef\s+)?"
    r"(namespace|class|struct|union|enum|extern)\b"
)
LAMBDA = re.compile(r"(\w+)\s*=\s*\[\]\s*(\(\))?\s*(mutable|noexcept|->[^=]*)?\s*$")


def without_noise(text):
    """The same text, line by line, with comments, literals and directives blanked."""

    def blank(match):
        newlines = "\n" * match.group().count("\n")
        return newlines if match.group().startswith("/") else '""' + newlines

    text = NOISE.sub(blank, text)
    return DIRECTIVE.sub(lambda match: "\n" * match.group().count("\n"), text)


def without_groups(head):
    """The text with each (...) and [...] emptied."""
    out = []
    depth = 0
    for char in head:
        if char in ")]":
            depth -= 1
        if depth == 0:
            out.append(char)
        if char in "([":
            depth += 1
    return "".join(out)


def classify(head):
    """What a brace after `head` opens: ("container" | "function" | "value", name)."""
    flat = re.sub(r"\[\[\]?\]|alignas\s*\(\)|\[\]\s*\[\]", "", without_groups(head))
    if CONTAINER.match(flat) and "()" not in flat:
        return "container", ""
    lambda_match = LAMBDA.search(flat)
    if lambda_match:
        return "function", lambda_match.group(1)
    plain = re.sub(r"operator\s*(\(\)|[^\s\w(]+)", "operator_", flat)
    before_initialisers = plain.split("()")[0]
    if "()" not in plain or "=" in before_initialisers or not head[-1:].isspace():
        return "value", ""
    name = re.search(r"([\w:~]+)\s*\(\)", plain)
    if name is None:
        return "value", ""
    test = re.match(r"\s*TEST\w*\s*\(\s*(\w+)\s*,\s*(\w+)\s*\)", head)
    return "function", ".".join(test.groups()) if test else name.group(1)


def matching_brace(text, start):
    depth = 0
    for position in range(start, len(text)):
        if text[position] == "{":
            depth += 1
        elif text[position] == "}":
            depth -= 1
            if depth == 0:
                return position
    return len(text) - 1


def functions(source):
    """Yields (name, first line, last line) of each function, signature and braces included."""
    text = without_noise(source)
    head = 0
    depth = 0
    position = 0
    while position < len(text):
        char = text[position]
        if char in "([":
            depth += 1
        elif char in ")]":
            depth -= 1
        elif depth == 0 and char in ";}":
            head = position + 1
        elif depth == 0 and char == ":" and re.search(r"\b(public|private|protected)$", text[head:position]):
            head = position + 1
        elif depth == 0 and char == "{":
            kind, name = classify(text[head:position])
            if kind == "container":
                head = position + 1
            else:
                end = matching_brace(text, position)
                if kind == "function":
                    first = head + len(text[head:position]) - len(text[head:position].lstrip())
                    yield name, line_at(text, first), line_at(text, end)
                    head = end + 1
                position = end
        position += 1


def check_sizes(path, text, waivers, used, findings):
    lines = text.count("\n")
    if lines > MAX_FILE_LINES:
        findings.add(path, lines, f"file has {lines} lines, {MAX_FILE_LINES} allowed")
    if not path.endswith(CPP):
        return
    for name, first, last in functions(text):
        length = last - first + 1
        if length <= MAX_FUNCTION_LINES:
            continue
        key = f"{path}:{name}"
        if key in waivers:
            used.add(key)
            continue
        findings.add(path, first, f"{name} has {length} lines, {MAX_FUNCTION_LINES} allowed")


# --- the rest -------------------------------------------------------------------------------------


def check_tests(files, untested, findings):
    tests = {}
    for path in files:
        if path.startswith("tests/") and path.endswith("_test.cc"):
            tests.setdefault(path.split("/")[1], set()).add(path.rsplit("/", 1)[-1])
    for path in files:
        folder = path.split("/")[0]
        if folder not in PRODUCT or not path.endswith(".cc"):
            continue
        wanted = Path(path).stem + "_test.cc"
        tested = wanted in tests.get(folder, set())
        if tested and path in untested:
            findings.add("scripts/lint/untested.txt", untested[path], f"{path} has a test now")
        elif not tested and path not in untested:
            findings.add(path, 1, f"no test: tests/{folder}/.../{wanted}")
    for path, line in untested.items():
        if path not in files:
            findings.add("scripts/lint/untested.txt", line, f"{path} is not there")


def check_base_size(texts, findings):
    total = sum(t.count("\n") for p, t in texts.items() if p.startswith("base/") and p.endswith(CPP))
    if total >= MAX_BASE_LINES:
        findings.add("base", 1, f"base has {total} lines, fewer than {MAX_BASE_LINES} allowed")


def check_paths(path, text, findings):
    for match in ABSOLUTE.finditer(text):
        findings.add(path, line_at(text, match.start()), "absolute path of one machine")


def read_texts(root, files):
    texts = {}
    for path in files:
        file = root / path
        if file.is_symlink() or not file.is_file():
            continue
        data = file.read_bytes()
        if b"\0" not in data:
            texts[path] = data.decode("utf-8", "replace")
    return texts


def check(root, files):
    findings = Findings()
    texts = read_texts(root, files)
    waivers = read_reasons(root, "scripts/lint/waivers.txt", findings)
    untested = read_reasons(root, "scripts/lint/untested.txt", findings)
    public = public_headers(root)
    used = set()
    for path, text in texts.items():
        check_paths(path, text, findings)
        if "/dist/" in path or "/node_modules/" in path:
            continue
        if path.endswith(CPP):
            check_includes(path, text, public, findings)
            check_own_header(path, text, texts, findings)
        if path.endswith(SIZED):
            check_sizes(path, text, waivers, used, findings)
    for key in waivers.keys() - used:
        findings.add("scripts/lint/waivers.txt", waivers[key], f"{key} needs no waiver")
    check_base_size(texts, findings)
    check_tests(set(texts), untested, findings)
    return sorted(findings.lines)


def main():
    root = Path(__file__).resolve().parent.parent.parent
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True)
    lines = check(root, [p for p in listed.stdout.decode().split("\0") if p])
    for line in lines:
        print(line)
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
