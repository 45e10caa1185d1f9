// The program tapiary-sensor itself, with real interfaces where root allows them.
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <chrono>
#include <fstream>
#include <thread>

#include "base/file.h"
#include "tests/support/timing.h"
#include "tests/uplink/support/spool_fixture.h"
#include "tests/uplink/support/test_server.h"

namespace tapiary::uplink {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

std::string ReadAll(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

class SensorTest : public ::testing::Test {
 protected:
  void SetUp() override {
    token_ = folder_.path() + "/token";
    std::ofstream(token_) << "test-token\n";
    chmod(token_.c_str(), 0600);
  }
  // Starts the program with its words going to log().
  pid_t Start(std::vector<std::string> arguments) {
    const std::string log = folder_.path() + "/log";
    arguments.insert(arguments.end(), {"--spool.path", folder_.path() + "/spool"});
    const pid_t child = fork();
    if (child != 0) return child;
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    std::vector<char*> argv = {const_cast<char*>("tapiary-sensor")};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    execv(TAPIARY_SENSOR, argv.data());
    _exit(127);
  }
  static int ExitCode(pid_t child) {
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  int Run(std::vector<std::string> arguments) { return ExitCode(Start(std::move(arguments))); }
  std::string log() const { return ReadAll(folder_.path() + "/log"); }
  bool WaitForLog(const std::string& text) const {
    return timing::Comes([&] { return log().find(text) != std::string::npos; });
  }
  TempFolder folder_;
  std::string token_;
};

TEST_F(SensorTest, FilesAreStoredAndDelivered) {
  const Server server;
  const std::string file = MakeCaptureFile(folder_.path(), 500);
  EXPECT_EQ(Run({"--capture.files", file}), 0) << log();  // without uplink: stored
  EXPECT_EQ(Run({"--capture.files", file, "--uplink.url", server.url(), "--uplink.ca_file",
                 Certs() + "/ca.pem", "--uplink.token_file", token_}),
            0)
      << log();
  int segments = 0;
  for (const Request& request : server.requests()) {
    EXPECT_EQ(request.status, 201);
    segments += request.path.find("/segments/") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(segments, 2);
  EXPECT_THAT(log(), HasSubstr("500 packets offered, 500 recorded, 0 filtered, 0 lost"));
  EXPECT_THAT(log(), ::testing::Not(HasSubstr("test-token")));
  EXPECT_THAT(log(), ::testing::Not(HasSubstr("not stopped cleanly")));
}

TEST_F(SensorTest, FailuresAreOneClearLine) {
  EXPECT_EQ(Run({}), 2);
  EXPECT_EQ(Run({"--capture.files", "/nowhere/x.pcap"}), 1);
  EXPECT_THAT(log(), HasSubstr("/nowhere/x.pcap"));
  const std::string file = MakeCaptureFile(folder_.path(), 1);
  EXPECT_EQ(Run({"--capture.files", file, "--uplink.url", "http://127.0.0.1:1"}), 2);
  EXPECT_THAT(log(), HasSubstr("https://"));
  EXPECT_EQ(Run({"--capture.files", file, "--uplink.url", "https://127.0.0.1:1",
                 "--uplink.token_file", "/nowhere/token"}),
            2);
  EXPECT_THAT(log(), HasSubstr("/nowhere/token"));
}

// A veth pair whose other end is in a namespace of its own. Tests of several processes take turns.
class SensorOnVeth : public SensorTest {
 protected:
  void SetUp() override {
    SensorTest::SetUp();
    if (geteuid() != 0) GTEST_SKIP() << "needs root for interfaces";
    lock_ =
        base::UniqueFd(open("/tmp/tapiary-uplink-test.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(flock(lock_.get(), LOCK_EX), 0);
    Cleanup();
    if (system("ip netns add tapiary-uplink && "
               "ip link add uplh0 type veth peer name uplh1 netns tapiary-uplink && "
               "ip addr add 10.99.77.1/24 dev uplh0 && ip link set uplh0 up && "
               "ip -n tapiary-uplink addr add 10.99.77.2/24 dev uplh1 && "
               "ip -n tapiary-uplink link set lo up && "
               "ip -n tapiary-uplink link set uplh1 up") != 0) {
      GTEST_SKIP() << "cannot make namespaces here";
    }
  }
  void TearDown() override {
    if (lock_.valid()) Cleanup();
  }
  static void Cleanup() {
    (void)!system("ip link del uplh0 2>/dev/null; ip netns del tapiary-uplink 2>/dev/null");
  }
  // How long the program takes to end after SIGTERM, in ns, `idle_ms` after it said `started`.
  std::int64_t TimeToStop(const std::vector<std::string>& arguments, const std::string& started,
                          int idle_ms) {
    unlink((folder_.path() + "/log").c_str());
    const pid_t sensor = Start(arguments);
    EXPECT_TRUE(WaitForLog(started)) << log();
    std::this_thread::sleep_for(milliseconds(idle_ms));
    const std::int64_t took = timing::Measure([&] {
      kill(sensor, SIGTERM);
      EXPECT_EQ(ExitCode(sensor), 0) << log();
    });
    EXPECT_THAT(log(), ::testing::Not(HasSubstr("not stopped cleanly")));
    return took;
  }
  base::UniqueFd lock_;
};

TEST_F(SensorOnVeth, CAP01_SigtermEndsWithinTwoSecondsOnAnIdleLink) {
  constexpr std::int64_t kLimit = 2 * base::kNanosPerSecond;
  const std::vector<std::string> idle = {"--capture.interfaces", "uplh0"};
  EXPECT_LT(timing::Shortest(kLimit, [&] { return TimeToStop(idle, "capturing", 1200); }), kLimit);
  // And with a collector that cannot be reached.
  std::vector<std::string> alone = idle;
  alone.insert(alone.end(),
               {"--uplink.url", "https://10.99.77.9:1", "--uplink.token_file", token_});
  EXPECT_LT(timing::Shortest(kLimit, [&] { return TimeToStop(alone, "uplink https", 500); }),
            kLimit);
}

TEST_F(SensorOnVeth, KillIsToldAfterTheRestart) {
  const pid_t sensor = Start({"--capture.interfaces", "uplh0"});
  ASSERT_TRUE(WaitForLog("capturing")) << log();
  (void)!system("bash -c 'for i in {1..10}; do echo x >/dev/udp/10.99.77.2/9; done'");
  std::this_thread::sleep_for(milliseconds(2000));
  kill(sensor, SIGKILL);
  (void)ExitCode(sensor);
  SpoolOptions options;
  options.path = folder_.path() + "/spool";
  auto spool = OpenSpool(options);
  const auto segment = spool->Next(Kind::kPackets).value();
  ASSERT_TRUE(segment);
  EXPECT_GE(segment->packets, 10u);  // all were older than two seconds
  const auto gaps = TakeGaps(*spool);
  ASSERT_FALSE(gaps.empty());
  EXPECT_EQ(gaps.back().reason, "unclean-stop");
}

TEST_F(SensorOnVeth, HP02_OwnUplinkThroughTheCapturedLinkIsNotCaptured) {
  const Server server({"--host", "10.99.77.2"}, 0, "tapiary-uplink");
  const std::string url = "https://10.99.77.2:" + std::to_string(server.port());
  const pid_t sensor =
      Start({"--capture.interfaces", "uplh0", "--uplink.url", url, "--uplink.ca_file",
             Certs() + "/ca.pem", "--uplink.token_file", token_, "--health.interval", "100ms",
             "--spool.segment_age", "200ms"});
  ASSERT_TRUE(WaitForLog("uplink: ok")) << log();
  EXPECT_TRUE(timing::Comes([&] { return server.requests().size() >= 30; }));
  kill(sensor, SIGTERM);
  EXPECT_EQ(ExitCode(sensor), 0) << log();
  unsigned long offered = 0, recorded = 0, filtered = 0;
  const std::string text = log();
  const std::size_t at = text.rfind("uplh0: ");
  ASSERT_NE(at, std::string::npos) << text;
  ASSERT_EQ(sscanf(text.c_str() + at, "uplh0: %lu packets offered, %lu recorded, %lu filtered",
                   &offered, &recorded, &filtered),
            3)
      << text;
  EXPECT_GT(filtered, 30u) << text;  // what it left out, it counted
  EXPECT_LT(recorded, 30u) << text;  // neighbour discovery only
}

}  // namespace
}  // namespace tapiary::uplink
