#include "capture/flow/ports.h"

#include <gtest/gtest.h>

namespace tapiary::capture {
namespace {

TEST(Ports, OneKnownPortMakesTheServer) {
  EXPECT_EQ(ServerByPort(6, 502, 40000), 0);
  EXPECT_EQ(ServerByPort(6, 40000, 502), 1);
  EXPECT_EQ(ServerByPort(6, 502, 80), -1);
  EXPECT_EQ(ServerByPort(6, 40000, 40001), -1);
  EXPECT_EQ(ServerByPort(17, 40000, 22), -1);  // ssh is TCP
  EXPECT_EQ(ServerByPort(1, 8, 502), -1);      // not ports at all
}

TEST(Ports, OT06_OtProtocolsAreNeverNamedByPort) {
  for (const int number : {102, 502, 2404, 20000, 44818, 47808, 4840}) {
    EXPECT_TRUE(ServiceByPort(6, static_cast<std::uint16_t>(number)).empty()) << number;
  }
  EXPECT_EQ(ServiceByPort(6, 22), "ssh");
  EXPECT_EQ(ServiceByPort(17, 53), "dns");
}

}  // namespace
}  // namespace tapiary::capture
