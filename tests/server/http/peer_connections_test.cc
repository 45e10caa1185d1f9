#include "server/http/peer_connections.h"

#include <gtest/gtest.h>

#include <vector>

namespace tapiary::server {
namespace {

TEST(PeerConnections, OneAddressHasItsShareAndGetsItBack) {
  PeerConnections peers(2);
  auto first = peers.Take("203.0.113.7");
  const auto second = peers.Take("203.0.113.7");
  EXPECT_TRUE(first && second);
  EXPECT_FALSE(peers.Take("203.0.113.7"));
  EXPECT_TRUE(peers.Take("203.0.113.8"));
  first.reset();
  first = peers.Take("203.0.113.7");
  EXPECT_TRUE(first);
  EXPECT_FALSE(peers.Take("203.0.113.7"));
}

TEST(PeerConnections, Ipv4InIpv6FormIsIpv4) {
  PeerConnections peers(1);
  const auto first = peers.Take("203.0.113.7");
  EXPECT_FALSE(peers.Take("::ffff:203.0.113.7"));
  EXPECT_TRUE(peers.Take("::ffff:203.0.113.8"));
}

TEST(PeerConnections, ANetworkOfIpv6IsOnePeer) {
  PeerConnections peers(1);
  const auto first = peers.Take("2001:db8:1:2::1");
  EXPECT_FALSE(peers.Take("2001:db8:1:2:ffff::9"));
  EXPECT_TRUE(peers.Take("2001:db8:1:3::1"));
  const auto local = peers.Take("fe80::1%eth0");
  EXPECT_FALSE(peers.Take("fe80::2%eth0"));
}

TEST(PeerConnections, ZeroIsNoLimit) {
  PeerConnections peers(0);
  std::vector<std::shared_ptr<void>> taken;
  for (int i = 0; i < 100; ++i) taken.push_back(peers.Take("::1"));
  for (const auto& one : taken) EXPECT_TRUE(one);
}

}  // namespace
}  // namespace tapiary::server
