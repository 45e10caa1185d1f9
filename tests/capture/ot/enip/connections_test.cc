#include "capture/ot/enip/connections.h"

#include <gtest/gtest.h>

namespace tapiary::capture::enip {
namespace {

constexpr cip::ConnectionSerial kSerial = {20, 77, 0x32952bf3};

TEST(EnipConnections, AForwardOpenNamesBothIds) {
  Connections connections;
  EXPECT_FALSE(connections.OnOpened({kSerial, 1, 2}));  // nobody asked for it
  connections.OnOpen({kSerial, 3, false});
  EXPECT_TRUE(connections.OnOpened({kSerial, 1, 2}));
  EXPECT_EQ(connections.OfRequest(1, 7).transport_class, 3u);
  ASSERT_NE(connections.OfResponse(2, 99), nullptr);
  EXPECT_EQ(connections.OfResponse(2, 99)->o_to_t, 1u);
  connections.OnClosed(kSerial);
  EXPECT_EQ(connections.OfResponse(2, 99), nullptr);
}

TEST(EnipConnections, OT04_IdsOfConnectionsNotSeenOpeningAreLearnt) {
  Connections connections;
  (void)connections.OfRequest(10, 1);
  (void)connections.OfRequest(11, 2);
  ASSERT_NE(connections.OfResponse(20, 1), nullptr);
  EXPECT_EQ(connections.OfResponse(20, 1)->o_to_t, 10u);
  EXPECT_EQ(connections.OfResponse(20, 5)->o_to_t, 10u);
  (void)connections.OfRequest(12, 2);
  EXPECT_EQ(connections.OfResponse(21, 2), nullptr);  // two could be it
  EXPECT_EQ(connections.OfResponse(22, 9), nullptr);
}

TEST(EnipConnections, OT13_ManyAreBounded) {
  Connections connections;
  for (std::uint32_t i = 0; i < 5000; ++i) {
    connections.OnOpen({{static_cast<std::uint16_t>(i), 1, 1}, 3, false});
    (void)connections.OfRequest(i, static_cast<std::uint16_t>(i));
  }
  // The oldest are forgotten, the newest are not.
  EXPECT_EQ(connections.OfResponse(70000, 0), nullptr);
  ASSERT_NE(connections.OfResponse(70001, 4999), nullptr);
  EXPECT_FALSE(connections.OnOpened({{0, 1, 1}, 80000, 80001}));
  EXPECT_TRUE(connections.OnOpened({{4999, 1, 1}, 80000, 80001}));
}

}  // namespace
}  // namespace tapiary::capture::enip
