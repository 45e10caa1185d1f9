// The program tapiary-sensor with ports of DPDK, beside and instead of the kernel's interfaces.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/base/temp_folder.h"
#include "tests/capture/source/veth_pair.h"

namespace tapiary::uplink {
namespace {

using capture::test::UdpFrame;
using capture::test::VethPair;
using ::testing::HasSubstr;

class SensorDpdk : public ::testing::Test {
 protected:
  // Starts the program; what it says goes to log().
  pid_t Start(std::vector<std::string> arguments) {
    const std::string log_path = folder_.path() + "/log";
    arguments.insert(arguments.end(), {"--spool.path", folder_.path() + "/spool"});
    const pid_t child = ::fork();
    if (child != 0) return child;
    const int out = ::open(log_path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    std::vector<char*> argv = {const_cast<char*>("tapiary-sensor")};
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    ::execv(TAPIARY_SENSOR, argv.data());
    ::_exit(127);
  }
  static int ExitCode(pid_t child) {
    int status = 0;
    ::waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }
  [[nodiscard]] std::string log() const {
    std::ifstream file(folder_.path() + "/log");
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  [[nodiscard]] bool WaitForLog(const std::string& text) const {
    for (int i = 0; i < 3000; ++i) {
      if (log().find(text) != std::string::npos) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return false;
  }

  base::TempFolder folder_;
};

#ifdef TAPIARY_HAVE_DPDK

TEST_F(SensorDpdk, DP01_CheckConfigShowsTheArguments) {
  EXPECT_EQ(ExitCode(Start({"--dpdk.ports", "af_packet:lo", "--dpdk.hugepages", "off",
                            "--dpdk.file_prefix", "plant-a", "--check-config"})),
            0);
  EXPECT_THAT(log(), HasSubstr("configuration is good"));
  EXPECT_THAT(log(), HasSubstr("--no-huge --no-shconf --iova-mode va --file-prefix plant-a"));
}

TEST_F(SensorDpdk, DP01_ContradictionsEndItBeforeAnythingStarts) {
  EXPECT_EQ(ExitCode(Start({"--dpdk.ports", "af_packet:lo", "--dpdk.memory", "8MiB"})), 2);
  EXPECT_THAT(log(), HasSubstr("dpdk.memory is 8.0 MiB, too little"));
}

TEST_F(SensorDpdk, DP04_AllPortsFailedAndNothingElseIsOneClearCause) {
  EXPECT_EQ(ExitCode(Start({"--dpdk.ports", "af_packet:nosuch0", "--dpdk.fallback", "false",
                            "--dpdk.hugepages", "off"})),
            1);
  EXPECT_THAT(log(), HasSubstr("DPDK port af_packet:nosuch0"));
  EXPECT_THAT(log(), HasSubstr("No such device"));
}

// DPDK cannot have the hugepages that it is told to insist on: the interface is captured all the
// same, by the kernel, and the ledger has a row for each of the two.
TEST_F(SensorDpdk, DP01_WithoutHugepagesTheInterfaceIsCapturedByTheKernel) {
  VethPair pair;
  if (const std::string why = pair.Make(); !why.empty()) GTEST_SKIP() << why;
  const std::string port = std::string("af_packet:") + VethPair::kCapture;
  const pid_t sensor =
      Start({"--dpdk.ports", port, "--dpdk.hugepages", "on", "--dpdk.mbufs", "16000000"});
  ASSERT_TRUE(WaitForLog("capturing; epoch")) << log();
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(pair.Send(UdpFrame()));
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  ::kill(sensor, SIGTERM);
  EXPECT_EQ(ExitCode(sensor), 0) << log();
  EXPECT_THAT(log(), HasSubstr("are free in hugepages"));
  EXPECT_THAT(log(), HasSubstr("captured by AF_PACKET instead"));
  EXPECT_THAT(log(), HasSubstr(port + ": 0 packets offered"));
  EXPECT_THAT(log(), HasSubstr(std::string(" ") + VethPair::kCapture +
                               ": 40 packets offered, 40 recorded, 0 filtered, 0 lost"));
}

// The interface comes after the sensor, which DPDK cannot wait for.
TEST_F(SensorDpdk, DP01_AnInterfaceThatComesLaterIsCapturedByTheKernel) {
  VethPair pair;
  if (const std::string why = pair.Make(); !why.empty()) GTEST_SKIP() << why;
  ASSERT_TRUE(capture::test::Shell(std::string("ip link del ") + VethPair::kCapture));
  const std::string port = std::string("af_packet:") + VethPair::kCapture;
  const pid_t sensor = Start({"--dpdk.ports", port, "--dpdk.hugepages", "off"});
  ASSERT_TRUE(WaitForLog("capturing; epoch")) << log();
  ASSERT_TRUE(VethPair::Link(1500));
  ASSERT_TRUE(WaitForLog("has come: capturing from it")) << log();
  ASSERT_TRUE(pair.Send(UdpFrame()));
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  ::kill(sensor, SIGTERM);
  EXPECT_EQ(ExitCode(sensor), 0) << log();
  EXPECT_THAT(log(), HasSubstr(std::string(" ") + VethPair::kCapture +
                               ": 1 packets offered, 1 recorded, 0 filtered, 0 lost"));
}

// One end of the pair by the kernel, the other by DPDK, and a port that is not there.
TEST_F(SensorDpdk, DP04_KernelAndDpdkSideBySide) {
  VethPair pair;
  if (const std::string why = pair.Make(); !why.empty()) GTEST_SKIP() << why;
  const std::string dpdk = std::string("af_packet:") + VethPair::kPeer;
  const pid_t sensor = Start({"--capture.interfaces", VethPair::kCapture, "--dpdk.ports", dpdk,
                              "--dpdk.ports", "0000:ff:1f.7", "--dpdk.hugepages", "off"});
  ASSERT_TRUE(WaitForLog("capturing; epoch")) << log();
  for (int i = 0; i < 40; ++i) ASSERT_TRUE(pair.Send(UdpFrame(), VethPair::kCapture));
  std::this_thread::sleep_for(std::chrono::milliseconds(700));
  ::kill(sensor, SIGTERM);
  EXPECT_EQ(ExitCode(sensor), 0) << log();
  EXPECT_THAT(log(), HasSubstr("cannot capture: DPDK port 0000:ff:1f.7: there is no PCI device"));
  EXPECT_THAT(log(), HasSubstr(dpdk + ": 40 packets offered, 40 recorded, 0 filtered, 0 lost"));
  EXPECT_THAT(log(), HasSubstr(std::string(" ") + VethPair::kCapture +
                               ": 40 packets offered, 40 recorded, 0 filtered, 0 lost"));
}

#else

TEST_F(SensorDpdk, ABuildWithoutDpdkSaysSo) {
  EXPECT_EQ(ExitCode(Start({"--dpdk.ports", "af_packet:lo"})), 2);
  EXPECT_THAT(log(), HasSubstr("this build is without DPDK"));
}

#endif

TEST_F(SensorDpdk, DP03_InterfacesAreListed) {
  const pid_t child = ::fork();
  if (child == 0) {
    const int out = ::open((folder_.path() + "/log").c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ::dup2(out, STDOUT_FILENO);
    ::execl(TAPIARY_SENSOR, "tapiary-sensor", "--list-interfaces", nullptr);
    ::_exit(127);
  }
  EXPECT_EQ(ExitCode(child), 0);
  EXPECT_THAT(log(), HasSubstr("INTERFACE"));
  EXPECT_THAT(log(), HasSubstr("\nlo "));
  EXPECT_THAT(log(), HasSubstr("VFIO"));
}

}  // namespace
}  // namespace tapiary::uplink
