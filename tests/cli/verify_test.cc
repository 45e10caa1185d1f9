#include "cli/verify.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <filesystem>

#include "server/catalog/catalog.h"
#include "tests/base/temp_folder.h"

namespace tapiary::cli {
namespace {

base::Result<ExitCode> RunVerify(std::vector<std::string> arguments) {
  CLI::App app;
  Run run;
  ConfigureVerify(app, &run);
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  app.parse(arguments);
  return run();
}

TEST(VerifyVerb, AnEmptyCollectorIsWhole) {
  const base::TempFolder folder;
  ASSERT_TRUE(server::Catalog::Open({.path = folder.path() + "/catalog.sqlite"}));
  std::filesystem::create_directories(folder.path() + "/vault");
  const auto code = RunVerify({"--data", folder.path(), "--format", "json"});
  ASSERT_TRUE(code) << code.error().message;
  EXPECT_EQ(*code, ExitCode::kOk);
}

TEST(VerifyVerb, WhatIsNotThereIsNotMade) {
  const base::TempFolder folder;
  const auto code = RunVerify({"--data", folder.path()});
  ASSERT_FALSE(code);
  EXPECT_EQ(code.error().code, base::ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(folder.path() + "/catalog.sqlite"));
  EXPECT_FALSE(RunVerify({"--grace", "soon"}));
  EXPECT_FALSE(RunVerify({"--config", folder.path() + "/none.yaml"}));
}

TEST(VerifyVerb, AKeyThatIsNoneIsNoFinding) {
  for (const std::string& key :
       {std::string("aabb"), std::string("no hex"), std::string(63, 'a')}) {
    const auto code = RunVerify({"case.zip", "--key", key});
    ASSERT_FALSE(code);
    EXPECT_EQ(code.error().code, base::ErrorCode::kInvalid) << key;
  }
}

}  // namespace
}  // namespace tapiary::cli
