#include <gtest/gtest.h>

#include "tests/capture/support/tunnel_cases.h"

namespace tapiary::capture {
namespace {

using test::CheckNoTunnels;
using test::CheckTunnels;
using test::Inner;
using test::kGre;

TEST(DecodeGre, RD12_InnermostPacketOrOuterKey) {
  CheckTunnels({
      {"gre", kGre, "0000 0800", Inner::kIpv4, {"gre"}},
      {"gre six", kGre, "0000 86dd", Inner::kIpv6, {"gre"}},
      {"gre all fields", kGre, "b000 0800 abcd 0000 0000002a 00000001", Inner::kIpv4, {"gre:42"}},
      {"gre routing",
       kGre,
       "4000 0800 0000 0000 0800 0404 01020304 0000 0000",
       Inner::kIpv4,
       {"gre"}},
      {"gre frame", kGre, "2000 6558 00000007", Inner::kFrame, {"gre:7"}},
      {"gre mpls", kGre, "0000 8847 00010140", Inner::kIpv4, {"gre", "mpls:16"}},
      {"gre vlan", kGre, "0000 8100 0005 0800", Inner::kIpv4, {"gre"}},
      {"gre ppp", kGre, "0000 880b ff03 0021", Inner::kIpv4, {"gre"}},
      {"gre metadata",
       kGre,
       "0000 8909 0800 0101 0001 0009",
       Inner::kIpv4,
       {"gre", "cisco-metadata:9"}},
      {"gre nsh", kGre, "0000 894f 0fc2 0101 00000aff", Inner::kIpv4, {"gre", "nsh:10"}},
  });
}

TEST(DecodeGre, RD12_InnermostPacketOrOuterKey2) {
  CheckTunnels({
      {"gre in gre",
       kGre,
       "0000 0800 4500 0048 0000 0000 402f 0000 01010101 02020202 0000 0800",
       Inner::kIpv4,
       {"gre", "gre"}},
      {"pptp", kGre, "3081 880b 0038 0011 00000001 00000002 21", Inner::kIpv4, {"gre1:17"}},
      {"erspan 1", kGre, "0000 88be", Inner::kFrame, {"erspan1"}},
      {"erspan 2", kGre, "1000 88be 00000001 10050064 00000000", Inner::kFrame, {"erspan2:100"}},
      {"erspan 3",
       kGre,
       "1000 22eb 00000001 20050065 00000000 0000 0000",
       Inner::kFrame,
       {"erspan3:101"}},
      {"erspan 3 platform",
       kGre,
       "1000 22eb 00000001 20050065 00000000 0000 0001 0102030405060708",
       Inner::kFrame,
       {"erspan3:101"}},
      {"erspan 3 ip",
       kGre,
       "1000 22eb 00000001 20050065 00000000 0000 0800",
       Inner::kIpv4,
       {"erspan3:101"}},
      {"wccp 1", kGre, "0000 883e", Inner::kIpv4, {"wccp"}},
      {"wccp 2", kGre, "0000 883e 80000000", Inner::kIpv4, {"wccp"}},
      {"gre over six", {.proto = 47, .ipv6 = true}, "0000 0800", Inner::kIpv4, {"gre"}},
  });
}

TEST(DecodeGre, WrongHeadersAreNoTunnel) {
  CheckNoTunnels({
      {"gre version 2", kGre, "0002 0800", Inner::kIpv4, {}},
      {"gre 1 without key", kGre, "0001 880b", Inner::kIpv4, {}},
      {"erspan 3 version 1",
       kGre,
       "1000 22eb 00000001 10050065 00000000 0000 0000",
       Inner::kFrame,
       {}},
  });
}

}  // namespace
}  // namespace tapiary::capture
