#include "cli/completion.h"

#include <gtest/gtest.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <list>

#include "tests/base/temp_folder.h"

namespace tapiary::cli {
namespace {

class CompletionTest : public testing::Test {
 protected:
  // What bash offers for the last word of a command line.
  std::string Offered(const std::string& line) {
    CLI::App root("", "tapiary");
    std::list<cli::Run> runs;
    for (const Verb& verb : Verbs()) {
      verb.configure(*root.add_subcommand(std::string(verb.name)), &runs.emplace_back());
    }
    const std::string path = folder_.path() + "/script";
    std::FILE* const file = std::fopen(path.c_str(), "w");
    const std::string script = BashCompletion(root, "tapiary") + "COMP_WORDS=(" + line +
                               ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_tapiary\n"
                               "echo \"${COMPREPLY[*]}\"\n";
    std::fputs(script.c_str(), file);
    std::fclose(file);
    std::FILE* const bash = popen(("bash " + path + " 2>&1").c_str(), "r");
    std::string out;
    for (int c = std::fgetc(bash); c != EOF && c != '\n'; c = std::fgetc(bash)) {
      out += static_cast<char>(c);
    }
    pclose(bash);
    return out;
  }
  const base::TempFolder folder_;
};

TEST_F(CompletionTest, VerbsOptionsAndChoices) {
  EXPECT_EQ(Offered("tapiary fl"), "flows");
  EXPECT_EQ(Offered("tapiary token cr"), "create");
  EXPECT_EQ(Offered("tapiary token create --sc"), "--scope");
  EXPECT_EQ(Offered("tapiary token create --scope a"), "analyst admin");
  EXPECT_EQ(Offered("tapiary flows --format j"), "json");
  EXPECT_EQ(Offered("tapiary flows tcp --di"), "--distinct");
  EXPECT_EQ(Offered("tapiary completion b"), "bash");
  EXPECT_EQ(Offered("tapiary nonsense"), "");
}

}  // namespace
}  // namespace tapiary::cli
