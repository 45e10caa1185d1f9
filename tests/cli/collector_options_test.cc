// Which collector and token a verb takes, from wherever they are named.
#include "cli/collector_options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "tests/cli/collector_fixture.h"

namespace tapiary::cli {
namespace {

using base::ErrorCode;
using testing::HasSubstr;

class CollectorOptionsTest : public CollectorFixture {
 protected:
  void SetUp() override {
    CollectorFixture::SetUp();
    std::filesystem::create_directories(folder_ / "config/tapiary");
  }
  void TearDown() override {
    for (const char* name : {"TAPIARY_COLLECTOR", "TAPIARY_TOKEN_FILE", "TAPIARY_CA"}) {
      unsetenv(name);
    }
    CollectorFixture::TearDown();
  }
  static CollectorOptions Parse(const std::string& arguments) {
    CLI::App app;
    CollectorOptions options;
    AddCollectorOptions(app, &options);
    app.parse(arguments);
    return options;
  }
};

TEST_F(CollectorOptionsTest, ArgumentsWinOverTheEnvironment) {
  setenv("TAPIARY_COLLECTOR", "https://env", 1);
  setenv("TAPIARY_CA", "/env/ca", 1);
  const CollectorOptions options = Parse("--collector https://arg --token-file /t");
  EXPECT_EQ(options.url, "https://arg");
  EXPECT_EQ(options.token_file, "/t");
  EXPECT_EQ(options.ca_file, "/env/ca");
}

TEST_F(CollectorOptionsTest, TheUsersFileFillsTheRest) {
  WriteFile("config/tapiary/collector.yaml", "url: https://file\ntoken_file: /t\nca: /c\n");
  CollectorOptions options;
  ASSERT_TRUE(CompleteCollectorOptions(&options));
  EXPECT_EQ(options.url, "https://file");
  EXPECT_EQ(options.token_file, "/t");
  EXPECT_EQ(options.ca_file, "/c");
}

TEST_F(CollectorOptionsTest, CO08_TheFilesTokenDoesNotGoToAnotherHost) {
  WriteFile("config/tapiary/collector.yaml", "url: https://file\ntoken_file: /t\nca: /c\n");
  CollectorOptions options{.url = "https://elsewhere"};
  const auto done = CompleteCollectorOptions(&options);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("--token-file"));
  EXPECT_EQ(options.token_file, "");
}

TEST_F(CollectorOptionsTest, WhatIsMissingIsNamed) {
  CollectorOptions options;
  auto done = CompleteCollectorOptions(&options);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(done.error().message, HasSubstr("TAPIARY_COLLECTOR"));
  EXPECT_THAT(done.error().message, HasSubstr("collector.yaml"));
  options.url = "https://a";
  done = CompleteCollectorOptions(&options);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("TAPIARY_TOKEN_FILE"));
}

TEST_F(CollectorOptionsTest, AWrongFileIsAnErrorWithItsLine) {
  WriteFile("config/tapiary/collector.yaml", "url: https://file\ntoken: abc\n");
  CollectorOptions options;
  const auto done = CompleteCollectorOptions(&options);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(done.error().message, HasSubstr("collector.yaml:2"));
}

}  // namespace
}  // namespace tapiary::cli
