#include <gtest/gtest.h>

#include "tests/capture/support/tunnel_cases.h"

namespace tapiary::capture {
namespace {

using test::CheckNoTunnels;
using test::CheckTunnels;
using test::Inner;
using test::kPppoe;

TEST(DecodePpp, RD12_InnermostPacketOrOuterKey) {
  CheckTunnels({
      {"pppoe", kPppoe, "1100 0007 0034 0021", Inner::kIpv4, {"pppoe:7"}},
      {"pppoe six", kPppoe, "1100 0007 0048 0057", Inner::kIpv6, {"pppoe:7"}},
      {"pppoe mpls", kPppoe, "1100 0007 0038 0281 00010140", Inner::kIpv4, {"pppoe:7", "mpls:16"}},
  });
}

TEST(DecodePpp, WrongHeadersAreNoTunnel) {
  CheckNoTunnels({
      {"pppoe discovery code", kPppoe, "1109 0007 0034 0021", Inner::kIpv4, {}},
  });
}

}  // namespace
}  // namespace tapiary::capture
