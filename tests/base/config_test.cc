#include "base/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/base/temp_folder.h"

namespace tapiary::base {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Fixture {
  std::string path = "/var/lib/x";
  bool on = false;
  std::vector<std::string> names = {"a"};
  std::int64_t port = 443;
  std::int64_t size = 0;
  std::int64_t wait = 0;
  ConfigTable table{"prog", "Does a thing."};

  Fixture() {
    table.Add("spool.path", &path, "folder of the spool");
    table.Add("web.on", &on, "serve the page");
    table.AddInt("web.port", &port, 1, 65535, "port of the page");
    table.AddSize("spool.max", &size, "10GiB", "1MiB", "1TiB", "largest size");
    table.AddDuration("spool.wait", &wait, "60s", "1s", "1h", "longest wait");
    table.Add("names", &names, "names of things");
    table.AddExample("prog --web.on", "shows the page");
  }
  Result<ConfigAction> Parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "prog");
    return table.Parse(static_cast<int>(arguments.size()), arguments.data());
  }
  std::string Failure(const std::vector<const char*>& arguments) {
    const auto parsed = Parse(arguments);
    if (parsed) return "no failure";
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalid);
    return parsed.error().message;
  }
};

std::string Printed(Fixture& fixture, const std::vector<const char*>& arguments) {
  ::testing::internal::CaptureStdout();
  const auto parsed = fixture.Parse(arguments);
  EXPECT_EQ(parsed.value(), ConfigAction::kDone);
  return ::testing::internal::GetCapturedStdout();
}

TEST(Config, DefaultsHoldWithoutArguments) {
  Fixture f;
  EXPECT_EQ(f.Parse({}).value(), ConfigAction::kRun);
  EXPECT_EQ(f.path, "/var/lib/x");
  EXPECT_EQ(f.size, 10LL << 30);
  EXPECT_EQ(f.wait, 60'000'000'000);
  EXPECT_EQ(f.table.Parse(0, nullptr).value(), ConfigAction::kRun);
}

TEST(Config, TakesBothFormsOfOptions) {
  Fixture f;
  ASSERT_TRUE(f.Parse({"--spool.path", "/a", "--spool.max=5MiB", "--web.port", "80", "--web.on",
                       "--spool.wait", "1.5s"}));
  EXPECT_EQ(f.path, "/a");
  EXPECT_EQ(f.size, 5 << 20);
  EXPECT_EQ(f.port, 80);
  EXPECT_TRUE(f.on);
  EXPECT_EQ(f.wait, 1'500'000'000);
  ASSERT_TRUE(f.Parse({"--web.on", "false", "--spool.path=--odd=name"}));
  EXPECT_FALSE(f.on);
  EXPECT_EQ(f.path, "--odd=name");
  ASSERT_TRUE(f.Parse({"--web.port=1", "--web.port=2"}));
  EXPECT_EQ(f.port, 2);
}

TEST(Config, RepeatedOptionMakesAList) {
  Fixture f;
  ASSERT_TRUE(f.Parse({"--names", "x", "--names=y z"}));
  EXPECT_THAT(f.names, ElementsAre("x", "y z"));
  ASSERT_TRUE(f.Parse({"--names="}));
  EXPECT_THAT(f.names, IsEmpty());
}

TEST(Config, FileComesFirstWhereverItIsNamed) {
  const TempFolder folder;
  const std::string file =
      folder.File("c.yaml", "spool:\n  path: /file\n  max: 2MiB\nnames: [q]\n");
  Fixture f;
  ASSERT_TRUE(f.Parse({"--spool.path=/option", "--names", "r", "--config", file.c_str()}));
  EXPECT_EQ(f.path, "/option");
  EXPECT_EQ(f.size, 2 << 20);
  EXPECT_THAT(f.names, ElementsAre("r"));
}

TEST(Config, ErrorsNameKeyValueAndBounds) {
  Fixture f;
  EXPECT_EQ(f.Failure({"--web.port", "0"}), "command line: web.port: '0' is outside 1 to 65535");
  EXPECT_EQ(f.Failure({"--web.port", "8O"}), "command line: web.port: not a whole number: '8O'");
  EXPECT_EQ(f.Failure({"--spool.max=1KiB"}),
            "command line: spool.max: '1KiB' is outside 1MiB to 1TiB");
  EXPECT_THAT(f.Failure({"--spool.wait=5"}), HasSubstr("spool.wait: not a duration: '5'"));
  EXPECT_THAT(f.Failure({"--web.on=maybe"}), HasSubstr("'maybe' is neither true nor false"));
  EXPECT_THAT(f.Failure({"--web.port=99999999999999999999"}), HasSubstr("not a whole number"));
  EXPECT_EQ(f.port, 443);
}

TEST(Config, UnknownOptionsAreErrorsWithASuggestion) {
  Fixture f;
  EXPECT_EQ(f.Failure({"--spool.pth", "x"}),
            "command line: spool.pth: no such key; did you mean spool.path?");
  EXPECT_EQ(f.Failure({"--port=1"}), "command line: port: no such key; did you mean web.port?");
  EXPECT_EQ(f.Failure({"--entirely-different"}), "command line: entirely-different: no such key");
  EXPECT_EQ(f.Failure({"file"}), "unexpected argument 'file'");
  EXPECT_EQ(f.Failure({"-x"}), "unexpected argument '-x'");
  EXPECT_THAT(f.Failure({"--"}), HasSubstr("no such key"));
  const std::string huge = "--" + std::string(100'000, 'k');
  EXPECT_LT(f.Failure({huge.c_str()}).size(), 200u);
}

TEST(Config, MissingValueIsNoticed) {
  Fixture f;
  EXPECT_EQ(f.Failure({"--spool.path"}), "command line: --spool.path needs a value");
  EXPECT_EQ(f.Failure({"--spool.path", "--web.on"}), "command line: --spool.path needs a value");
  EXPECT_EQ(f.Failure({"--config"}), "command line: --config needs a value");
}

TEST(Config, TextMustBeUtf8) {
  Fixture f;
  EXPECT_THAT(f.Failure({"--spool.path=\xff\x1b"}), HasSubstr("'\\xff\\x1b' is not valid UTF-8"));
  EXPECT_THAT(f.Failure({"--names=\xff"}), HasSubstr("not valid UTF-8"));
}

TEST(Config, HelpAndVersionWinOverEverything) {
  Fixture f;
  EXPECT_EQ(Printed(f, {"--nonsense", "--version"}), "prog " TAPIARY_VERSION "\n");
  EXPECT_EQ(Printed(f, {"--nonsense", "--help"}), f.table.Help());
  EXPECT_EQ(Printed(f, {"-h"}), f.table.Help());
}

TEST(Config, CheckConfigChecksAndEnds) {
  Fixture f;
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(Printed(f, {"--check-config", "--web.port=80"}), "");
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "configuration is good\n");
  EXPECT_THAT(f.Failure({"--check-config", "--web.port=0"}), HasSubstr("outside"));
}

TEST(Config, WhatConcernsSeveralKeysIsCheckedToo) {
  Fixture f;
  const char* const arguments[] = {"prog", "--check-config", "--web.port=81"};
  std::int64_t seen = 0;
  const auto parsed = f.table.Parse(3, arguments, [&]() -> Result<> {
    seen = f.port;
    return MakeError(ErrorCode::kInvalid, "port and folder do not fit");
  });
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().message, "port and folder do not fit");
  EXPECT_EQ(seen, 81);
}

TEST(Config, DumpShowsTheValuesInForce) {
  Fixture f;
  const std::string dump = Printed(f, {"--dump-config", "--web.port=81"});
  EXPECT_EQ(dump, f.table.Dump());
  EXPECT_THAT(dump, HasSubstr("\n  port: 81\n"));
}

TEST(Config, HelpSaysHowAListIsGiven) {
  ConfigTable table("prog", "Does a thing.");
  std::vector<std::string> names{"a", "b"};
  table.Add("names", &names, "who");
  EXPECT_THAT(table.Help(), HasSubstr("--names list\n      who (repeat for more, default a, b)"));
}

TEST(Config, ZeroIsInAUnitThatPeopleUse) {
  ConfigTable table("prog", "Does a thing.");
  std::int64_t age = 0;
  std::int64_t size = 0;
  table.AddDuration("age", &age, "0s", "0s", "10d", "how long");
  table.AddSize("size", &size, "0", "0", "1GiB", "how much");
  EXPECT_THAT(table.Help(), HasSubstr("(0s to 10d, default 0s)"));
  EXPECT_THAT(table.Dump(), AllOf(HasSubstr("age: 0s"), HasSubstr("size: 0\n")));
}

TEST(ConfigDeathTest, AKeyDefinedTwiceEndsTheProcess) {
  Fixture f;
  EXPECT_DEATH(f.table.Add("web.on", &f.on, "again"), "web.on is defined twice");
}

}  // namespace
}  // namespace tapiary::base
