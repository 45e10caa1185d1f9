#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/config.h"
#include "tests/base/temp_folder.h"

namespace tapiary::base {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Fixture {
  std::string level = "info";
  std::string path = "/var/lib/x";
  std::vector<std::string> names;
  std::int64_t port = 443;
  std::int64_t size = 0;
  std::int64_t wait = 0;
  bool deep = false;
  TempFolder folder;
  ConfigTable table{"prog", "Does a thing."};

  Fixture() {
    table.Add("log-level", &level, "how much is told");
    table.Add("spool.path", &path, "folder of the spool");
    table.AddSize("spool.max", &size, "10GiB", "0", "1TiB", "largest size");
    table.AddInt("web.port", &port, -1, 65535, "port of the page");
    table.AddDuration("web.wait", &wait, "90s", "0s", "1000d", "longest wait");
    table.Add("web.tls.on", &deep, "encrypt");
    table.Add("spool.names", &names, "names of things");
    table.AddExample("prog --web.port 80", "shows the page");
  }
  Result<> Load(const std::string& yaml) {
    const std::string file = folder.File("c.yaml", yaml);
    const char* const arguments[] = {"prog", "--config", file.c_str()};
    const auto parsed = table.Parse(3, arguments);
    if (!parsed) return parsed.error();
    return {};
  }
  // The error without the folder's name: "c.yaml:1: ..."
  std::string Failure(const std::string& yaml) {
    const auto loaded = Load(yaml);
    if (loaded) return "no failure";
    EXPECT_EQ(loaded.error().code, ErrorCode::kInvalid);
    const std::string& message = loaded.error().message;
    return message.substr(message.rfind("c.yaml"));
  }
};

TEST(ConfigYaml, ReadsNestedAndDottedKeys) {
  Fixture f;
  const auto loaded = f.Load(
      "# comment\nlog-level: debug\nspool:\n  path: \"/a b\"\n  names:\n    - one\n    - 'two'\n"
      "web.port: 80\nweb:\n  tls: {on: yes}\n");
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(f.level, "debug");
  EXPECT_EQ(f.path, "/a b");
  EXPECT_THAT(f.names, ElementsAre("one", "two"));
  EXPECT_EQ(f.port, 80);
  EXPECT_TRUE(f.deep);
}

TEST(ConfigYaml, NothingIsAGoodFile) {
  Fixture f;
  EXPECT_TRUE(f.Load(""));
  EXPECT_TRUE(f.Load("# only a comment\n"));
  EXPECT_TRUE(f.Load("spool:\n  # all commented out\n"));
  EXPECT_TRUE(f.Load("\xEF\xBB\xBFspool: {path: /bom}\n"));
  EXPECT_EQ(f.path, "/bom");
}

TEST(ConfigYaml, UnknownKeyNamesLineAndNeighbour) {
  Fixture f;
  EXPECT_EQ(f.Failure("spool:\n  path: /a\n  mx: 1MiB\n"),
            "c.yaml:3: spool.mx: no such key; did you mean spool.max?");
  EXPECT_EQ(f.Failure("\nport: 1\n"), "c.yaml:2: port: no such key; did you mean web.port?");
  EXPECT_EQ(f.Failure("something-else:\n  path: 1\n"), "c.yaml:1: something-else: no such key");
  EXPECT_THAT(f.Failure("\"\\e[31m\": 1\n"), StartsWith("c.yaml:1: \\x1b[31m: no such key"));
}

TEST(ConfigYaml, BoundsErrorNamesEverything) {
  Fixture f;
  EXPECT_EQ(f.Failure("web:\n  port: 65536\n"),
            "c.yaml:2: web.port: '65536' is outside -1 to 65535");
  EXPECT_EQ(f.Failure("spool: {max: 2TiB}\n"), "c.yaml:1: spool.max: '2TiB' is outside 0 to 1TiB");
}

TEST(ConfigYaml, WrongShapesAreNamed) {
  Fixture f;
  EXPECT_EQ(f.Failure("spool: /a\n"), "c.yaml:1: spool: keys are expected below it, not a value");
  EXPECT_EQ(f.Failure("web:\n  tls: [1]\n"),
            "c.yaml:2: web.tls: keys are expected below it, not a value");
  EXPECT_EQ(f.Failure("spool:\n  path: {a: b}\n"), "c.yaml:2: spool.path: needs a value");
  EXPECT_EQ(f.Failure("spool:\n  path: [a]\n"), "c.yaml:2: spool.path: needs a value");
  EXPECT_EQ(f.Failure("spool:\n  path:\n"), "c.yaml:2: spool.path: needs a value");
  EXPECT_EQ(f.Failure("spool:\n  names: a\n"), "c.yaml:2: spool.names: must be a list");
  EXPECT_EQ(f.Failure("spool:\n  names: [[a]]\n"),
            "c.yaml:2: spool.names: the parts of a list must be plain values");
  EXPECT_EQ(f.Failure("[a, b]\n"), "c.yaml:1: keys and values are expected");
  EXPECT_EQ(f.Failure("just text\n"), "c.yaml:1: keys and values are expected");
  EXPECT_EQ(f.Failure("? [a]\n: b\n"), "c.yaml:1: a key must be a word");
}

TEST(ConfigYaml, DuplicatesAreErrors) {
  Fixture f;
  EXPECT_EQ(f.Failure("spool:\n  path: /a\n  path: /b\n"),
            "c.yaml:3: spool.path is set already in line 2");
  EXPECT_EQ(f.Failure("web.port: 1\nweb:\n  port: 2\n"),
            "c.yaml:3: web.port is set already in line 1");
  EXPECT_EQ(f.Failure("web: {}\nweb: {}\n"), "c.yaml:2: web is set already in line 1");
}

TEST(ConfigYaml, BrokenYamlNamesTheLine) {
  Fixture f;
  EXPECT_THAT(f.Failure("spool:\n  path: \"a\" b\n"), StartsWith("c.yaml:2: "));
  EXPECT_THAT(f.Failure("a: b: c\n"), StartsWith("c.yaml:1: "));
  EXPECT_THAT(f.Failure("spool: {path: /a\n"), HasSubstr("c.yaml:"));
  EXPECT_THAT(f.Failure("spool: *nothing\n"), StartsWith("c.yaml:1: "));
  EXPECT_THAT(f.Failure("web.port: 1\n---\nweb.port: 2\n"),
              HasSubstr("more than one YAML document"));
  EXPECT_THAT(f.Failure("spool: {path: \xff}\n"), HasSubstr("is not UTF-8 text"));
  EXPECT_THAT(f.Failure("spool: {path: \"\\0\"}\n"), HasSubstr("spool.path: '\\x00' is not valid"));
}

TEST(ConfigYaml, HostileFilesEndQuickly) {
  Fixture f;
  EXPECT_THAT(f.Failure("spool: " + std::string(500'000, '[')), HasSubstr("c.yaml:"));
  EXPECT_THAT(f.Failure("spool: " + std::string(500'000, '{')), HasSubstr("c.yaml:"));
  EXPECT_THAT(f.Failure(std::string(500'000, '-')), HasSubstr("c.yaml:"));
  std::string steps;
  for (int i = 0; i < 1000; ++i) steps += std::string(static_cast<std::size_t>(i), ' ') + "web:\n";
  EXPECT_THAT(f.Failure(steps), HasSubstr("c.yaml:"));
  EXPECT_THAT(f.Failure("spool: &s\n  path: *s\n"), HasSubstr("spool.path: needs a value"));
  EXPECT_THAT(f.Failure("web: &w\n  tls: *w\n"), HasSubstr("web.tls.tls: no such key"));
  std::string laughs = "a0: &a0 [x]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string last = "*a" + std::to_string(i - 1);
    const std::string name = "a" + std::to_string(i);
    laughs += name + ": &" + name + " [" + last + "," + last + "," + last + "," + last + "]\n";
  }
  EXPECT_THAT(f.Failure(laughs), HasSubstr("no such key"));
}

TEST(ConfigYaml, FileHasALimitAndMustExist) {
  Fixture f;
  EXPECT_THAT(f.Load("#" + std::string(1 << 20, 'x')).error().message,
              HasSubstr("larger than 1048576 bytes"));
  const char* const arguments[] = {"prog", "--config=/nowhere.yaml"};
  EXPECT_EQ(f.table.Parse(2, arguments).error().message,
            "--config: cannot open /nowhere.yaml: No such file or directory");
}

TEST(ConfigYaml, DumpIsGroupedAndCommented) {
  Fixture f;
  f.names = {"a", "b\"c"};
  EXPECT_EQ(f.table.Dump(),
            "# how much is told\n"
            "log-level: \"info\"\n"
            "spool:\n"
            "  # folder of the spool\n"
            "  path: \"/var/lib/x\"\n"
            "  # largest size (0 to 1TiB)\n"
            "  max: 10GiB\n"
            "  # names of things\n"
            "  names: [\"a\", \"b\\x22c\"]\n"
            "web:\n"
            "  # port of the page (-1 to 65535)\n"
            "  port: 443\n"
            "  # longest wait (0s to 1000d)\n"
            "  wait: 90s\n"
            "  tls:\n"
            "    # encrypt\n"
            "    on: false\n");
}

TEST(ConfigYaml, DumpRoundTripsAwkwardValues) {
  for (const char* text : {"", "~", "null", "true", "1MiB", "a: b", "# c", "- d", " e ", "*f", "&g",
                           "'\"\\\n\t\x7f", "Grüße 日本", "{}", "[x]", "---", "%h", "\\x41"}) {
    Fixture written;
    written.level = text;
    written.names = {text, "next", text};
    written.port = -1;
    written.size = 1'048'577;
    written.wait = 1'500'000'001;
    written.deep = true;
    Fixture read;
    const auto loaded = read.Load(written.table.Dump());
    ASSERT_TRUE(loaded) << loaded.error().message;
    EXPECT_EQ(read.level, written.level);
    EXPECT_EQ(read.names, written.names);
    EXPECT_EQ(read.port, written.port);
    EXPECT_EQ(read.size, written.size);
    EXPECT_EQ(read.wait, written.wait);
    EXPECT_EQ(read.deep, written.deep);
    EXPECT_EQ(read.table.Dump(), written.table.Dump());
  }
}

TEST(ConfigYaml, HelpShowsEveryKeyWithDefaultAndBounds) {
  const Fixture f;
  const std::string help = f.table.Help();
  EXPECT_THAT(help, StartsWith("Usage: prog [--config FILE] [--KEY VALUE]...\n\nDoes a thing.\n"));
  EXPECT_THAT(help, HasSubstr("\nspool\n  --spool.path text\n      folder of the spool "
                              "(default /var/lib/x)\n"));
  EXPECT_THAT(help,
              HasSubstr("  --spool.max size\n      largest size (0 to 1TiB, default 10GiB)\n"));
  EXPECT_THAT(
      help,
      HasSubstr("  --spool.names list\n      names of things (repeat for more, no default)\n"));
  EXPECT_THAT(help, HasSubstr("  --web.tls.on\n      encrypt (default false)\n"));
  EXPECT_THAT(help, HasSubstr("\nExamples\n  prog --web.port 80\n      shows the page\n"));
}

}  // namespace
}  // namespace tapiary::base
