#!/usr/bin/python3
"""Tests of check.py: each finding on the smallest tree that has it, and none on a clean tree."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
import check  # noqa: E402

LONG_BODY = "  Do();\n" * 59


def findings(files):
    with tempfile.TemporaryDirectory(prefix="tapiary-lint-") as folder:
        root = Path(folder)
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return check.check(root, list(files))


def names(source):
    return [(name, last - first + 1) for name, first, last in check.functions(source)]


class Includes(unittest.TestCase):
    def lint(self, path, include, extra=None):
        files = {path: f"#include {include}\n", "scripts/lint/untested.txt": ""}
        if path.endswith(".cc") and not path.startswith("tests/"):
            folder, stem = path.split("/")[0], Path(path).stem
            files[f"tests/{folder}/{stem}_test.cc"] = ""
        files.update(extra or {})
        return findings(files)

    def test_arrows(self):
        for path, name, good in (
            ("base/a.cc", "base/b.h", True),
            ("base/a.cc", "capture/b.h", False),
            ("capture/a.cc", "uplink/b.h", False),
            ("uplink/a.cc", "capture/b.h", True),
            ("uplink/a.cc", "server/b.h", False),
            ("ovs/a.cc", "base/b.h", True),
            ("ovs/a.cc", "capture/b.h", False),
            ("server/a.cc", "uplink/wire/b.h", True),
            ("server/a.cc", "uplink/spool/b.h", False),
            ("server/a.h", "ovs/b.h", False),
            ("server/collector_main.cc", "ovs/b.h", True),
            ("cli/a.cc", "server/b.h", True),
            ("tests/base/a_test.cc", "server/b.h", True),
            ("base/a.cc", "b.h", False),
        ):
            with self.subTest(path=path, name=name):
                self.assertEqual(self.lint(path, f'"{name}"') == [], good)

    def test_own_header_is_first(self):
        header = {"base/a.h": ""}
        self.assertEqual(self.lint("base/a.cc", '"base/a.h"', header), [])
        self.assertEqual(
            self.lint("base/a.cc", '<vector>\n#include "base/a.h"', header),
            ['base/a.cc:1: "base/a.h" must be the first include'],
        )

    def test_finding_has_file_and_line(self):
        self.assertEqual(
            self.lint("base/a.h", '<vector>\n#  include "ovs/b.h"'),
            ["base/a.h:2: base may not include ovs/b.h"],
        )

    def test_third_party_places(self):
        for path, name, good in (
            ("uplink/spool/a.cc", "rocksdb/db.h", True),
            ("uplink/a.cc", "rocksdb/db.h", False),
            ("server/http/a.cc", "boost/beast/core.hpp", True),
            ("server/a.cc", "boost/asio.hpp", False),
            ("capture/a.cc", "boost/unordered/unordered_flat_map.hpp", True),
            ("server/catalog/a.cc", "sqlite3.h", True),
            ("server/query/a.cc", "sqlite3.h", False),
            ("uplink/a.cc", "curl/curl.h", True),
            ("server/vault/a.cc", "curl/curl.h", True),
            ("server/api/a.cc", "curl/curl.h", False),
            ("cli/a.cc", "curl/curl.h", False),
            ("capture/source/a.cc", "pcap.h", True),
            ("capture/a.cc", "pcap/pcap.h", False),
            ("base/config_yaml.cc", "yaml-cpp/yaml.h", True),
            ("base/a.cc", "yaml-cpp/yaml.h", False),
            ("tests/server/a_test.cc", "sqlite3.h", True),
        ):
            with self.subTest(path=path, name=name):
                self.assertEqual(self.lint(path, f"<{name}>") == [], good)

    def test_public_headers(self):
        lists = {"base/CMakeLists.txt": "tapiary_library(base SOURCES x.cc HEADERS a.h PUBLIC y)\n"}
        for name, good in (
            ("vector", True),
            ("sys/stat.h", True),
            ("unistd.h", True),
            ("fmt/core.h", True),
            ("boost/system/result.hpp", True),
            ("fmt/format.h", False),
            ("zstd.h", False),
            ("nlohmann/json.hpp", False),
        ):
            with self.subTest(name=name):
                self.assertEqual(self.lint("base/a.h", f"<{name}>", lists) == [], good)
        self.assertEqual(self.lint("base/private.h", "<zstd.h>", lists), [])


class Functions(unittest.TestCase):
    def test_finds_what_clang_format_writes(self):
        source = """namespace a {
int One() { return 1; }
class C : public B {
 public:
  C() : x_{1}, y_(2) {
    x_ = 2;
  }
  C& operator=(const C&) { return *this; }
  int Get() const { return x_; }
 private:
  int x_ = 0;
  std::array<int, 2> z_ = {1, 2};
};
const std::map<int, int> kTable = {
    {1, 2},
};
auto Two(std::function<void()> f = [] {})
    -> int {
  if (f) {
    return 2;
  }
}
const auto kLambda = [](int x) {
  return x;
};
}  // namespace a
TEST(Suite, Name) {
  Run([] {
  });
}
"""
        self.assertEqual(
            names(source),
            [("One", 1), ("C", 3), ("operator_", 1), ("Get", 1), ("Two", 6), ("kLambda", 3), ("Suite.Name", 4)],
        )

    def test_is_not_fooled_by_literals_and_comments(self):
        source = """// } { void F() {
#define M(x) { \\
  {
int F() {
  char c = '{';
  const char* s = "}\\"{{";
  const char* r = R"x({{{ )" )x";
  long n = 1'000'000; /* {{
  */
  return 0;
}
struct stat status {};
int G() { return 1; }
"""
        self.assertEqual(names(source), [("F", 8), ("G", 1)])

    def test_long_function(self):
        fits = {"base/a.h": "void F() {\n" + LONG_BODY[:-8] + "}\n"}
        self.assertEqual(findings(fits), [])
        long = {"base/a.h": "\nvoid F() {\n" + LONG_BODY + "}\n"}
        self.assertEqual(findings(long), ["base/a.h:2: F has 61 lines, 60 allowed"])
        self.assertEqual(findings(long | {"scripts/lint/waivers.txt": "base/a.h:F a table\n"}), [])

    def test_waivers_need_a_reason_and_a_use(self):
        stale = findings({"scripts/lint/waivers.txt": "# comment\nbase/a.h:F\n"})
        self.assertEqual(len(stale), 2)
        self.assertTrue(any("has no reason" in line for line in stale))
        self.assertTrue(any("needs no waiver" in line for line in stale))


class Rest(unittest.TestCase):
    def test_file_size(self):
        self.assertEqual(findings({"cli/a.h": "\n" * 500}), [])
        self.assertEqual(len(findings({"cli/a.h": "\n" * 501})), 1)
        self.assertEqual(len(findings({"scripts/a.sh": "\n" * 501})), 1)
        self.assertEqual(findings({"docs/a.md": "\n" * 5000}), [])

    def test_base_size(self):
        files = {f"base/{i}.h": "\n" * 400 for i in range(4)}
        self.assertEqual(findings(files), ["base:1: base has 1600 lines, fewer than 1500 allowed"])

    def test_missing_test(self):
        source = {"server/http/a.cc": ""}
        self.assertEqual(findings(source), ["server/http/a.cc:1: no test: tests/server/.../a_test.cc"])
        self.assertEqual(findings(source | {"tests/server/http/a_test.cc": ""}), [])
        self.assertEqual(len(findings(source | {"tests/base/a_test.cc": ""})), 1)
        listed = {"scripts/lint/untested.txt": "server/http/a.cc covered elsewhere\n"}
        self.assertEqual(findings(source | listed), [])
        self.assertEqual(len(findings(source | listed | {"tests/server/a_test.cc": ""})), 1)
        self.assertEqual(len(findings(listed)), 1)

    def test_absolute_path(self):
        path = "/work" + "/main"
        self.assertEqual(findings({"docs/a.md": f"x\ncd {path}\n"}), ["docs/a.md:2: absolute path of one machine"])
        self.assertEqual(findings({"docs/a.md": f"build{path}\n"}), [])


if __name__ == "__main__":
    unittest.main()
