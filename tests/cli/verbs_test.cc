#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <set>

#include "cli/verb.h"

namespace tapiary::cli {
namespace {

TEST(Verbs, EachHasANameASummaryAndExamples) {
  std::set<std::string_view> names;
  for (const Verb& verb : Verbs()) {
    EXPECT_TRUE(names.insert(verb.name).second) << verb.name;
    EXPECT_FALSE(verb.summary.empty()) << verb.name;
    EXPECT_EQ(verb.summary.back() == '.', false) << verb.name;
    EXPECT_NE(verb.examples.find("  tapiary " + std::string(verb.name)), std::string::npos)
        << verb.name;
  }
}

TEST(Verbs, EachConfiguresAndRefusesUnknownOptions) {
  for (const Verb& verb : Verbs()) {
    CLI::App root;
    cli::Run run;
    CLI::App* app = root.add_subcommand(std::string(verb.name), std::string(verb.summary));
    verb.configure(*app, &run);
    EXPECT_THROW(root.parse(std::string(verb.name) + " --no-such-option"), CLI::ParseError);
  }
}

}  // namespace
}  // namespace tapiary::cli
