// Every encapsulation: whole, cut at each byte, and with garbage inside.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "capture/decode/decode.h"
#include "tests/capture/support/decode_bytes.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture {
namespace {

using test::DecodeBytes;
using test::Hex;
using test::PacketBuilder;
using Texts = std::vector<std::string>;
using Buffer = std::vector<std::uint8_t>;

enum class Inner { kIpv4, kIpv6, kFrame };

// A Modbus request from 192.168.0.1 or 2001:db8::1, with or without a frame around.
Buffer InnerBytes(Inner inner) {
  PacketBuilder builder;
  if (inner == Inner::kFrame) builder.Eth("02:00:00:00:00:11", "02:00:00:00:00:12");
  if (inner == Inner::kIpv6) {
    builder.Ipv6("2001:db8::1", "2001:db8::2");
  } else {
    builder.Ipv4("192.168.0.1", "192.168.0.2");
  }
  return builder.Tcp(40000, 502, {.seq = 9}).Data("0001 0000 0002 0103").Build();
}

// What is around it: an IP protocol or UDP port under 10.0.0.1 > 10.0.0.2, or an EtherType.
struct Outer {
  std::uint8_t proto = 0;
  std::uint16_t port = 0;
  std::uint16_t ether_type = 0;
  bool ipv6 = false;
};

struct Case {
  const char* name;
  Outer outer;
  const char* header;
  Inner inner;
  Texts tunnels;
};

Buffer Wrap(const Case& c, const Buffer& inner) {
  PacketBuilder builder;
  builder.Eth();
  if (c.outer.ether_type != 0) {
    builder.EtherType(c.outer.ether_type);
  } else if (c.outer.ipv6) {
    builder.Ipv6("fd00::1", "fd00::2", c.outer.proto);
  } else if (c.outer.port != 0) {
    builder.Ipv4("10.0.0.1", "10.0.0.2").Udp(50000, c.outer.port);
  } else {
    builder.Ipv4("10.0.0.1", "10.0.0.2", {.proto = c.outer.proto});
  }
  return builder.Raw(c.header).Data(inner).Build();
}

const Outer kGre{.proto = 47}, kVxlan{.port = 4789}, kGpe{.port = 4790}, kGeneve{.port = 6081},
    kGtp{.port = 2152}, kMpls{.ether_type = 0x8847}, kPppoe{.ether_type = 0x8864},
    kNsh{.ether_type = 0x894f};

std::vector<Case> Cases() {
  return {
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
      {"ipip", {.proto = 4}, "", Inner::kIpv4, {"ipip"}},
      {"6in4", {.proto = 41}, "", Inner::kIpv6, {"6in4"}},
      {"4in6", {.proto = 4, .ipv6 = true}, "", Inner::kIpv4, {"4in6"}},
      {"6in6", {.proto = 41, .ipv6 = true}, "", Inner::kIpv6, {"6in6"}},
      {"gre over six", {.proto = 47, .ipv6 = true}, "0000 0800", Inner::kIpv4, {"gre"}},
      {"etherip", {.proto = 97}, "3000", Inner::kFrame, {"etherip"}},
      {"mpls in ip", {.proto = 137}, "00010140", Inner::kIpv4, {"mpls:16"}},
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
      {"mpls", kMpls, "00010140", Inner::kIpv4, {"mpls:16"}},
      {"mpls stack", kMpls, "00011040 00012140", Inner::kIpv6, {"mpls:18"}},
      {"mpls pseudo-wire", kMpls, "00010140 00000000", Inner::kFrame, {"mpls:16"}},
      {"mpls bare frame", kMpls, "00010140", Inner::kFrame, {"mpls:16"}},
      {"pppoe", kPppoe, "1100 0007 0034 0021", Inner::kIpv4, {"pppoe:7"}},
      {"pppoe six", kPppoe, "1100 0007 0048 0057", Inner::kIpv6, {"pppoe:7"}},
      {"pppoe mpls", kPppoe, "1100 0007 0038 0281 00010140", Inner::kIpv4, {"pppoe:7", "mpls:16"}},
      {"nsh", kNsh, "0fc2 0101 00000aff", Inner::kIpv4, {"nsh:10"}},
  };
}

void ExpectInner(const Decoded& decoded, Inner inner) {
  EXPECT_EQ(decoded.src.ToString(), inner == Inner::kIpv6 ? "2001:db8::1" : "192.168.0.1");
  EXPECT_EQ(decoded.src_port, 40000);
  EXPECT_EQ(decoded.dst_port, 502);
  EXPECT_EQ(decoded.tcp.seq, 9u);
  EXPECT_EQ(decoded.payload_length, 8u);
  EXPECT_EQ(decoded.payload.size(), 8u);
  EXPECT_EQ(decoded.src_mac[5], inner == Inner::kFrame ? 0x11 : 0x01);
  EXPECT_FALSE(decoded.bad_checksum);
  EXPECT_EQ(decoded.note, DecodeNote::kNone);
}

TEST(DecodeTunnel, InnermostPacketIsTheKey) {
  for (const Case& c : Cases()) {
    SCOPED_TRACE(c.name);
    const Buffer frame = Wrap(c, InnerBytes(c.inner));
    const Decoded decoded = DecodeBytes(frame);
    ExpectInner(decoded, c.inner);
    EXPECT_EQ(test::Tunnels(decoded), c.tunnels);
  }
}

// The key of the frame as if there were no tunnel.
void ExpectOuter(const Decoded& decoded, const Outer& outer) {
  EXPECT_TRUE(decoded.tunnels().empty());
  EXPECT_EQ(decoded.src_mac[5], 0x01);
  if (outer.ether_type != 0) {
    EXPECT_FALSE(decoded.has_ip);
    EXPECT_EQ(decoded.ether_type, outer.ether_type);
    return;
  }
  EXPECT_EQ(decoded.src.ToString(), outer.ipv6 ? "fd00::1" : "10.0.0.1");
  EXPECT_EQ(decoded.has_ports, outer.port != 0);
  EXPECT_EQ(decoded.dst_port, outer.port);
  EXPECT_EQ(decoded.proto, outer.port != 0 ? 17 : outer.proto);
}

// The sanitizer build proves that nothing is read behind the cut: the copy has no byte to spare.
TEST(DecodeTunnel, RD12_CutAtEveryByteIsOuterOrInner) {
  for (const Case& c : Cases()) {
    const Buffer inner = InnerBytes(c.inner);
    const Buffer frame = Wrap(c, inner);
    const std::size_t ports_at = frame.size() - 8 - 20 + 4;
    const std::size_t outer_end = c.outer.ether_type != 0 ? 14
                                  : c.outer.ipv6          ? 54
                                  : c.outer.port != 0     ? 42
                                                          : 34;
    for (std::size_t size = outer_end; size < frame.size(); ++size) {
      SCOPED_TRACE(std::string(c.name) + " cut at " + std::to_string(size));
      const Buffer cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
      const Decoded decoded =
          DecodeBytes(cut, LinkType::kEthernet, static_cast<std::uint32_t>(frame.size()));
      if (decoded.dst_port == 502) {
        EXPECT_GE(size, ports_at);
        EXPECT_EQ(decoded.payload_length, 8u);
        EXPECT_EQ(test::Tunnels(decoded), c.tunnels);
      } else if (std::string_view(c.name) != "gre in gre") {
        EXPECT_LT(size, ports_at);
        ExpectOuter(decoded, c.outer);
      }
    }
  }
}

TEST(DecodeTunnel, GarbageInsideLeavesTheOuterKey) {
  for (const Case& c : Cases()) {
    if (std::string_view(c.name) == "gre in gre") continue;  // its first inner key is good
    for (const int fill : {0x00, 0x11, 0x55, 0xff}) {
      SCOPED_TRACE(std::string(c.name) + " filled with " + std::to_string(fill));
      const Buffer frame = Wrap(c, Buffer(80, static_cast<std::uint8_t>(fill)));
      ExpectOuter(DecodeBytes(frame), c.outer);
    }
    const Buffer empty = Wrap(c, {});
    ExpectOuter(DecodeBytes(empty), c.outer);
  }
}

TEST(DecodeTunnel, OuterKeyKeepsItsPayload) {
  const Buffer frame = Wrap({"", kVxlan, "08000000 00002a00", Inner::kFrame, {}}, Buffer(30, 0xff));
  const Decoded decoded = DecodeBytes(frame);
  EXPECT_EQ(decoded.payload_length, 38u);
  EXPECT_EQ(decoded.payload.size(), 38u);
  EXPECT_EQ(decoded.ip_length, 66u);
}

TEST(DecodeTunnel, InnerFrameWithoutIpLeavesTheOuterKey) {
  const Buffer goose = PacketBuilder().Eth().EtherType(0x88b8).Data("0001").Build();
  const Buffer frame = Wrap({"", kGre, "0000 6558", Inner::kFrame, {}}, goose);
  ExpectOuter(DecodeBytes(frame), kGre);
}

TEST(DecodeTunnel, WrongHeadersAreNoTunnel) {
  const Case cases[] = {
      {"gre version 2", kGre, "0002 0800", Inner::kIpv4, {}},
      {"gre 1 without key", kGre, "0001 880b", Inner::kIpv4, {}},
      {"vxlan without I", kVxlan, "00000000 00002a00", Inner::kFrame, {}},
      {"geneve version 1", kGeneve, "4000 6558 00000700", Inner::kFrame, {}},
      {"gtp echo", kGtp, "3001 0000 00000005", Inner::kIpv4, {}},
      {"gtp empty extension", kGtp, "34ff 0000 00000005 0000 00 85 00 0909 00", Inner::kIpv4, {}},
      {"pppoe discovery code", kPppoe, "1109 0007 0034 0021", Inner::kIpv4, {}},
      {"nsh of one word", kNsh, "0fc1 0101 00000aff", Inner::kIpv4, {}},
      {"etherip version 2", {.proto = 97}, "2000", Inner::kFrame, {}},
      {"erspan 3 version 1",
       kGre,
       "1000 22eb 00000001 10050065 00000000 0000 0000",
       Inner::kFrame,
       {}},
      {"teredo", {.port = 3544}, "", Inner::kIpv6, {}},
      {"l2tp", {.port = 1701}, "0002 0001 0001 0021", Inner::kIpv4, {}},
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.name);
    const Buffer frame = Wrap(c, InnerBytes(c.inner));
    ExpectOuter(DecodeBytes(frame), c.outer);
  }
}

TEST(DecodeTunnel, FL05_TunnelsInFragmentsStayClosed) {
  for (const bool more : {true, false}) {
    const Buffer frame = PacketBuilder()
                             .Eth()
                             .Ipv4("10.0.0.1", "10.0.0.2",
                                   {.proto = 47,
                                    .id = 5,
                                    .fragment_offset = static_cast<std::uint16_t>(more ? 0 : 1480),
                                    .more_fragments = more})
                             .Raw("0000 0800")
                             .Data(InnerBytes(Inner::kIpv4))
                             .Build();
    const Decoded decoded = DecodeBytes(frame);
    EXPECT_TRUE(decoded.is_fragment);
    ExpectOuter(decoded, kGre);
  }
}

// Deeper than the limits: the walk ends, says so, and the innermost key it reached is kept.
TEST(DecodeTunnel, DepthBombsEnd) {
  PacketBuilder ip_in_ip;
  ip_in_ip.Eth();
  for (int i = 0; i < 60; ++i) {
    ip_in_ip.Ipv4("10.0.0." + std::to_string(i + 1), "10.0.1.1", {.proto = 4});
  }
  const Buffer nested = ip_in_ip.Data("00").Build();
  const Decoded decoded = DecodeBytes(nested);
  EXPECT_EQ(decoded.note, DecodeNote::kTooManyHeaders);
  EXPECT_TRUE(decoded.has_ip);
  EXPECT_EQ(decoded.tunnel_count, kMaxTunnels);
  EXPECT_EQ(decoded.src.ToString(), "10.0.0.9");

  std::string labels, services;
  for (int i = 0; i < 40; ++i) labels += "00010040";
  for (int i = 0; i < 40; ++i) services += "0fc2 0104 00000aff";
  const Buffer stack = Wrap({"", kMpls, labels.c_str(), Inner::kIpv4, {}}, {});
  EXPECT_EQ(DecodeBytes(stack).note, DecodeNote::kTooManyHeaders);
  EXPECT_EQ(DecodeBytes(stack).ether_type, 0x8847);
  const Buffer chain = Wrap({"", kNsh, services.c_str(), Inner::kIpv4, {}}, {});
  EXPECT_EQ(DecodeBytes(chain).note, DecodeNote::kTooManyHeaders);
  EXPECT_EQ(DecodeBytes(chain).ether_type, 0x894f);
  EXPECT_TRUE(DecodeBytes(chain).tunnels().empty());
}

TEST(DecodeTunnel, EthernetPaddingInsideIsNoPayload) {
  const Buffer inner =
      PacketBuilder().Eth().Ipv4("192.168.0.1", "192.168.0.2").Tcp(1, 502).Pad(60).Build();
  const Buffer frame = Wrap({"", kVxlan, "08000000 00002a00", Inner::kFrame, {}}, inner);
  EXPECT_EQ(DecodeBytes(frame).payload_length, 0u);
  EXPECT_EQ(DecodeBytes(frame).ip_length, 40u);
}

TEST(DecodeTunnel, MirroredPrpFrameLosesItsTrailer) {
  const Buffer inner = PacketBuilder()
                           .Eth()
                           .Ipv4("192.168.0.1", "192.168.0.2")
                           .Udp(1, 2)
                           .Data("0102")
                           .Tail("0001 a024 88fb")
                           .Build();
  const Buffer frame =
      Wrap({"", kGre, "1000 88be 00000001 10050064 00000000", Inner::kFrame, {}}, inner);
  EXPECT_EQ(test::Tunnels(DecodeBytes(frame)), (Texts{"erspan2:100", "prp"}));
  EXPECT_EQ(DecodeBytes(frame).payload_length, 2u);
}

}  // namespace
}  // namespace tapiary::capture
