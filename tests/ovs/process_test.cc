#include "ovs/process.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "base/clock.h"
#include "base/file.h"
#include "tests/base/temp_folder.h"

namespace tapiary::ovs {
namespace {

using std::chrono::milliseconds;

TEST(Process, GivesOutputAndExitCode) {
  const auto result = RunProcess({"sh", "-c", "echo out; echo err >&2; exit 3"});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->exit_code, 3);
  EXPECT_EQ(result->out, "out\n");
  EXPECT_EQ(result->err, "err\n");
  EXPECT_FALSE(result->timed_out);
}

TEST(Process, OV08_ArgumentsArePassedAsTheyAre) {
  const auto result = RunProcess({"printf", "%s|", "a b", "$HOME", "; echo x", "", "*"});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, "a b|$HOME|; echo x||*|");
}

TEST(Process, OV07_KillsTheWholeGroupAtTheTimeLimit) {
  const std::int64_t begin = base::SteadyNow();
  // A grandchild that ignores SIGTERM and holds the pipes.
  const auto result = RunProcess({"sh", "-c", "(trap '' TERM; sleep 30) & echo $!; wait"},
                                 {.timeout = milliseconds(300)});
  ASSERT_TRUE(result);
  EXPECT_TRUE(result->timed_out);
  EXPECT_EQ(result->exit_code, -1);
  EXPECT_LT(base::SteadyNow() - begin, 3 * base::kNanosPerSecond);
  const pid_t grandchild = std::stoi(result->out);
  for (int i = 0; i < 100 && kill(grandchild, 0) == 0; ++i) {
    std::this_thread::sleep_for(milliseconds(10));
  }
  // It may be a zombie where nobody reaps orphans; then its state says so.
  const auto status = base::ReadFile("/proc/" + std::to_string(grandchild) + "/stat", 4096);
  EXPECT_TRUE(!status || status->find(") Z") != std::string::npos);
}

// What a killed `up` had under way does not write after the `down` that follows.
TEST(Process, OV07_EndsWithTheProcessThatRanIt) {
  const pid_t parent = fork();
  if (parent == 0) {
    (void)RunProcess({"sleep", "61.5"});
    _exit(0);
  }
  const std::vector<std::string> find = {"pgrep", "-f", "^sleep 61.5$"};
  const auto runs = [&] { return RunProcess(find)->exit_code == 0; };
  for (int i = 0; i < 1000 && !runs(); ++i) usleep(10'000);
  EXPECT_TRUE(runs());
  kill(parent, SIGKILL);
  waitpid(parent, nullptr, 0);
  for (int i = 0; i < 1000 && runs(); ++i) usleep(10'000);
  EXPECT_FALSE(runs());
}

TEST(Process, AGrandchildWithThePipesDoesNotHoldUs) {
  const std::int64_t begin = base::SteadyNow();
  const auto result = RunProcess({"sh", "-c", "sleep 5 & echo done"});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out, "done\n");
  EXPECT_LT(base::SteadyNow() - begin, 3 * base::kNanosPerSecond);
}

TEST(Process, OutputIsBounded) {
  const auto result = RunProcess({"sh", "-c", "head -c 1000000 /dev/zero"},
                                 {.timeout = milliseconds(10'000), .max_output_bytes = 1000});
  ASSERT_TRUE(result);
  EXPECT_EQ(result->out.size(), 1000U);
  EXPECT_TRUE(result->output_cut);
  EXPECT_FALSE(result->ok());
}

TEST(Process, MissingProgramIsNotFound) {
  const auto result = RunProcess({"tapiary-no-such-program"});
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, base::ErrorCode::kNotFound);
  EXPECT_FALSE(RunProcess({}));
}

TEST(Process, RunCheckedTellsTheReason) {
  const auto failed = RunChecked({"sh", "-c", "echo 'no such port' >&2; exit 1"});
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().message.find("no such port"), std::string::npos);
  const auto late = RunChecked({"sleep", "10"}, {.timeout = milliseconds(100)});
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().code, base::ErrorCode::kTimeout);
}

TEST(Process, DaemonWritesItsLog) {
  const base::TempFolder folder;
  const std::string log = folder.path() + "/log";
  const auto pid = StartDaemon({"sh", "-c", "pwd; echo $ADDED"}, folder.path(), log, {"ADDED=x y"});
  ASSERT_TRUE(pid);
  for (int i = 0; i < 500 && !DaemonEnded(*pid); ++i) std::this_thread::sleep_for(milliseconds(10));
  EXPECT_EQ(base::ReadFile(log, 4096).value(), folder.path() + "\nx y\n");
}

}  // namespace
}  // namespace tapiary::ovs
