#include <gtest/gtest.h>

#include "tests/capture/support/tunnel_cases.h"

namespace tapiary::capture {
namespace {

using test::CheckNoTunnels;
using test::CheckTunnels;
using test::Inner;
using test::kGeneve;
using test::kGpe;
using test::kGtp;
using test::kVxlan;

TEST(DecodeUdpTunnel, RD12_InnermostPacketOrOuterKey) {
  CheckTunnels({
      {"etherip", {.proto = 97}, "3000", Inner::kFrame, {"etherip"}},
      {"vxlan", kVxlan, "08000000 00002a00", Inner::kFrame, {"vxlan:42"}},
      {"vxlan linux", {.port = 8472}, "08000000 00002a00", Inner::kFrame, {"vxlan:42"}},
      {"vxlan policy", kVxlan, "88000001 00002a00", Inner::kFrame, {"vxlan:42"}},
      {"gpe frame", kGpe, "0c000003 00002b00", Inner::kFrame, {"vxlan-gpe:43"}},
      {"gpe four", kGpe, "0c000001 00002b00", Inner::kIpv4, {"vxlan-gpe:43"}},
      {"gpe six", kGpe, "0c000002 00002b00", Inner::kIpv6, {"vxlan-gpe:43"}},
      {"gpe nsh",
       kGpe,
       "0c000004 00002b00 0fc6 0103 00000aff 00000000000000000000000000000000",
       Inner::kFrame,
       {"vxlan-gpe:43", "nsh:10"}},
  });
}

TEST(DecodeUdpTunnel, RD12_InnermostPacketOrOuterKey2) {
  CheckTunnels({
      {"geneve", kGeneve, "0000 6558 00000700", Inner::kFrame, {"geneve:7"}},
      {"geneve options",
       kGeneve,
       "0200 6558 00000700 0102800101020304",
       Inner::kFrame,
       {"geneve:7"}},
      {"geneve ip", kGeneve, "0000 0800 00000700", Inner::kIpv4, {"geneve:7"}},
      {"gtp", kGtp, "30ff 0000 00000005", Inner::kIpv4, {"gtp:5"}},
      {"gtp sequence", kGtp, "32ff 0000 00000005 0001 00 00", Inner::kIpv6, {"gtp:5"}},
      {"gtp extensions",
       kGtp,
       "34ff 0000 00000005 0000 00 85 01 0909 85 02 090909090909 00",
       Inner::kIpv4,
       {"gtp:5"}},
      {"mpls in udp", {.port = 6635}, "00010140", Inner::kIpv4, {"udp", "mpls:16"}},
      {"gre in udp", {.port = 4754}, "0000 0800", Inner::kIpv4, {"udp", "gre"}},
  });
}

TEST(DecodeUdpTunnel, WrongHeadersAreNoTunnel) {
  CheckNoTunnels({
      {"vxlan without I", kVxlan, "00000000 00002a00", Inner::kFrame, {}},
      {"geneve version 1", kGeneve, "4000 6558 00000700", Inner::kFrame, {}},
      {"gtp echo", kGtp, "3001 0000 00000005", Inner::kIpv4, {}},
      {"gtp empty extension", kGtp, "34ff 0000 00000005 0000 00 85 00 0909 00", Inner::kIpv4, {}},
      {"etherip version 2", {.proto = 97}, "2000", Inner::kFrame, {}},
      {"teredo", {.port = 3544}, "", Inner::kIpv6, {}},
      {"l2tp", {.port = 1701}, "0002 0001 0001 0021", Inner::kIpv4, {}},
  });
}

}  // namespace
}  // namespace tapiary::capture
