// Promiscuous mode is borrowed from the host: on while a source is open, as it was before in any
// case.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "capture/source/packet_source.h"
#include "tests/capture/source/veth_pair.h"

namespace tapiary::capture::test {
namespace {

class Promiscuous : public ::testing::Test {
 protected:
  void SetUp() override {
    const std::string why = veth_.Make(1500);
    if (!why.empty()) GTEST_SKIP() << why;
  }
  void Open(bool promiscuous = true) {
    AfPacketOptions options;
    options.interface = VethPair::kCapture;
    options.ring_bytes = 8 << 20;
    options.promiscuous = promiscuous;
    source_ = MakeAfPacketSource(options);
    const auto opened = source_->Open();
    ASSERT_TRUE(opened) << opened.error().message;
  }
  // How many ask for it.
  static bool CountIs(int count) {
    return Shell(std::string("ip -d link show ") + VethPair::kCapture + " | grep -q 'promiscuity " +
                 std::to_string(count) + "'");
  }

  VethPair veth_;
  std::unique_ptr<PacketSource> source_;
};

TEST_F(Promiscuous, CAP15_OnlyWhileOpen) {
  Open();
  EXPECT_TRUE(CountIs(1));
  source_.reset();
  EXPECT_TRUE(CountIs(0));
  Open(false);
  EXPECT_TRUE(CountIs(0));
}

TEST_F(Promiscuous, CAP15_WhatWasSoBeforeStaysSo) {
  ASSERT_TRUE(Shell(std::string("ip link set ") + VethPair::kCapture + " promisc on"));
  Open();
  EXPECT_TRUE(CountIs(2));
  source_.reset();
  EXPECT_TRUE(CountIs(1));
}

TEST_F(Promiscuous, CAP15_Kill9LeavesNothingOn) {
  int ready[2];
  ASSERT_EQ(pipe(ready), 0);
  const pid_t child = fork();
  if (child == 0) {
    Open();
    if (write(ready[1], "x", 1) == 1) pause();
    _exit(1);
  }
  close(ready[1]);  // a child that dies early ends the read
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  EXPECT_TRUE(CountIs(1));
  kill(child, SIGKILL);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_TRUE(CountIs(0));
  close(ready[0]);
}

}  // namespace
}  // namespace tapiary::capture::test
