#include <gtest/gtest.h>

#include "tests/capture/support/tunnel_cases.h"

namespace tapiary::capture {
namespace {

using test::CheckNoTunnels;
using test::CheckTunnels;
using test::Inner;
using test::kMpls;
using test::kNsh;

TEST(DecodeMpls, RD12_InnermostPacketOrOuterKey) {
  CheckTunnels({
      {"mpls in ip", {.proto = 137}, "00010140", Inner::kIpv4, {"mpls:16"}},
      {"mpls", kMpls, "00010140", Inner::kIpv4, {"mpls:16"}},
      {"mpls stack", kMpls, "00011040 00012140", Inner::kIpv6, {"mpls:18"}},
      {"mpls pseudo-wire", kMpls, "00010140 00000000", Inner::kFrame, {"mpls:16"}},
      {"mpls bare frame", kMpls, "00010140", Inner::kFrame, {"mpls:16"}},
      {"nsh", kNsh, "0fc2 0101 00000aff", Inner::kIpv4, {"nsh:10"}},
  });
}

TEST(DecodeMpls, WrongHeadersAreNoTunnel) {
  CheckNoTunnels({
      {"nsh of one word", kNsh, "0fc1 0101 00000aff", Inner::kIpv4, {}},
  });
}

}  // namespace
}  // namespace tapiary::capture
