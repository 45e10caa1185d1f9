// Whatever a helper does, it ends, and only its own question is lost.
#include "server/dissect/helper.h"

#include <gmock/gmock.h>
#include <sys/wait.h>

#include <cerrno>

#include "base/clock.h"
#include "base/text.h"
#include "tests/server/dissect/script.h"

namespace tapiary::server {
namespace {

using base::ErrorCode;
using base::kNanosPerMilli;
using test::Script;
using testing::HasSubstr;

class HelperTest : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a process is left";
    EXPECT_EQ(errno, ECHILD);
  }
  static HelperCommand Command(const Script& script, std::int64_t time_ms = 10'000) {
    HelperCommand command;
    command.program = script.path();
    command.limits.time_ns = time_ms * kNanosPerMilli;
    return command;
  }
  // The code of the error that the script ends in, and that it came in time.
  static ErrorCode Fails(const HelperCommand& command, std::int64_t within_ms) {
    const std::int64_t begun_ns = base::SteadyNow();
    const auto answer = RunHelper(command);
    EXPECT_LT(base::SteadyNow() - begun_ns, within_ms * kNanosPerMilli);
    EXPECT_FALSE(answer);
    if (answer) return ErrorCode::kInternal;
    said_ = answer.error().message;
    return answer.error().code;
  }
  static std::string said_;
};
std::string HelperTest::said_;

TEST_F(HelperTest, GetsItsInputAndItsFile) {
  const Script script(
      "import sys\n"
      "print(sys.stdin.read()[::-1], open('/proc/self/fd/3','rb').read()[:5], sys.argv[1])\n");
  const auto file = MakeMemoryFile();
  ASSERT_TRUE(file);
  ASSERT_TRUE(base::WriteAll(file->get(), base::AsBytes(std::string("packets")), "test"));
  ASSERT_TRUE(SealMemoryFile(*file));
  HelperCommand command = Command(script);
  command.arguments = {"-"};
  command.input = "abc";
  command.file = &*file;
  const auto answer = RunHelper(command);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, "cba b'packe' -\n");
}

TEST_F(HelperTest, AProgramThatIsNotThere) {
  HelperCommand command;
  command.program = "/nonexistent/sharkd";
  EXPECT_EQ(Fails(command, 1000), ErrorCode::kUnsupported);
}

TEST_F(HelperTest, HangsAreKilledAtTheTimeLimit) {
  const Script sleeper("import time\ntime.sleep(60)\n");
  EXPECT_EQ(Fails(Command(sleeper, 500), 3000), ErrorCode::kTimeout);
  const Script loop("while True: pass\n");
  EXPECT_EQ(Fails(Command(loop, 500), 3000), ErrorCode::kTimeout);
  const Script deaf(
      "import os,signal,time\n"
      "for s in range(1, 32):\n"
      "  try: signal.signal(s, signal.SIG_IGN)\n"
      "  except OSError: pass\n"
      "os.close(1)\nos.close(2)\ntime.sleep(60)\n");
  EXPECT_EQ(Fails(Command(deaf, 700), 3000), ErrorCode::kTimeout);
}

TEST_F(HelperTest, ALoopEndsAtTheLimitOfCpuTime) {
  const Script loop("while True: pass\n");
  HelperCommand command = Command(loop, 30'000);
  command.limits.cpu_s = 1;
  EXPECT_EQ(Fails(command, 20'000), ErrorCode::kTimeout);
}

TEST_F(HelperTest, AFloodIsCutOff) {
  const Script flood("import os\nwhile True: os.write(1, b'x' * 65536)\n");
  EXPECT_EQ(Fails(Command(flood), 9000), ErrorCode::kTooLarge);
  // On stderr it costs nothing but time.
  const Script talk("import os\nfor i in range(200): os.write(2, b'x' * 65536)\nprint('done')\n");
  const auto answer = RunHelper(Command(talk));
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(*answer, "done\n");
}

TEST_F(HelperTest, CrashesAreTold) {
  const Script crash("import os\nos.abort()\n");
  EXPECT_EQ(Fails(Command(crash), 5000), ErrorCode::kCorrupt);
  EXPECT_THAT(said_, HasSubstr("signal 6"));
  const Script failure("import sys\nsys.exit('bad \\x1b[2J packet')\n");
  EXPECT_EQ(Fails(Command(failure), 5000), ErrorCode::kCorrupt);
  EXPECT_THAT(said_, HasSubstr("exit 1"));
  EXPECT_THAT(said_, HasSubstr("bad \\x1b[2J packet"));
}

TEST_F(HelperTest, MemoryIsLimited) {
  const Script hog("x = bytearray(2 << 30)\nprint(len(x))\n");
  EXPECT_EQ(Fails(Command(hog), 9000), ErrorCode::kCorrupt);
}

}  // namespace
}  // namespace tapiary::server
