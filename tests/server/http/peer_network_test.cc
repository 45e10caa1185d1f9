#include "server/http/peer_network.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

TEST(PeerNetwork, IsAnAddressOfIpv4AndA64OfIpv6) {
  EXPECT_EQ(PeerNetwork("203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(PeerNetwork("::ffff:203.0.113.7"), "203.0.113.7");
  EXPECT_EQ(PeerNetwork("2001:DB8:1:2:ffff::9"), "2001:db8:1:2::/64");
  EXPECT_EQ(PeerNetwork("::1"), "::/64");
  EXPECT_EQ(PeerNetwork("fe80::1%eth0"), "fe80::/64");
  EXPECT_EQ(PeerNetwork("somebody"), "somebody");
  EXPECT_EQ(PeerNetwork(""), "");
}

TEST(PeerNetwork, AddressesAreBytes) {
  EXPECT_EQ(ReadPeerAddress("203.0.113.7"), ReadPeerAddress("::ffff:203.0.113.7"));
  EXPECT_NE(ReadPeerAddress("203.0.113.7"), ReadPeerAddress("::203.0.113.7"));
  EXPECT_EQ(ReadPeerAddress("::"), PeerAddress{});
  for (const char* none : {"", "203.0.113", "203.0.113.7 ", "::1%lo", "localhost"}) {
    EXPECT_FALSE(ReadPeerAddress(none)) << none;
  }
}

}  // namespace
}  // namespace tapiary::server
