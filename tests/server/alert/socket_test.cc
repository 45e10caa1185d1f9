#include "server/alert/socket.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "base/clock.h"
#include "tests/server/alert/receiver.h"

namespace tapiary::server::test {
namespace {

TEST(AlertSocket, EndsAtItsDeadline) {
  SyslogReceiver receiver(SyslogReceiver::Manner::kDeaf);
  const std::atomic<bool> stop{false};
  Socket socket(base::SteadyNow() + 300 * base::kNanosPerMilli, stop);
  ASSERT_TRUE(socket.Connect({"127.0.0.1"}, receiver.port(), false));
  const std::int64_t start_ns = base::SteadyNow();
  EXPECT_EQ(socket.Wait(POLLIN).error().code, base::ErrorCode::kTimeout);
  EXPECT_LT(base::SteadyNow() - start_ns, base::kNanosPerSecond);
}

TEST(AlertSocket, EndsWhenItIsToStop) {
  SyslogReceiver receiver(SyslogReceiver::Manner::kDeaf);
  std::atomic<bool> stop{false};
  Socket socket(base::SteadyNow() + 10 * base::kNanosPerSecond, stop);
  ASSERT_TRUE(socket.Connect({"127.0.0.1"}, receiver.port(), false));
  stop = true;
  EXPECT_EQ(socket.Wait(POLLIN).error().code, base::ErrorCode::kUnavailable);
}

TEST(AlertSocket, ReadsToTheEnd) {
  SyslogReceiver receiver(SyslogReceiver::Manner::kReads);
  const std::atomic<bool> stop{false};
  Socket socket(base::SteadyNow() + 10 * base::kNanosPerSecond, stop);
  ASSERT_TRUE(socket.Connect({"127.0.0.1"}, receiver.port(), false));
  ASSERT_TRUE(socket.Send("hello"));
  ::shutdown(socket.fd(), SHUT_WR);
  char buffer[10];
  const auto got = socket.Receive(buffer);
  ASSERT_TRUE(got);
  EXPECT_EQ(*got, 0u);
  EXPECT_EQ(receiver.text(), "hello");
}

TEST(AlertSocket, WhatIsNoAddressIsRefused) {
  const std::atomic<bool> stop{false};
  Socket socket(base::SteadyNow() + base::kNanosPerSecond, stop);
  EXPECT_EQ(socket.Connect({"localhost"}, 1, false).error().code, base::ErrorCode::kInvalid);
  EXPECT_FALSE(socket.Connect({}, 1, false));
}

}  // namespace
}  // namespace tapiary::server::test
