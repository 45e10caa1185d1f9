// What all tunnels have in common: the key around them, fragments, limits.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "capture/decode/decode.h"
#include "tests/capture/support/decode_bytes.h"
#include "tests/capture/support/packet_builder.h"
#include "tests/capture/support/tunnel_cases.h"

namespace tapiary::capture {
namespace {

using test::DecodeBytes;
using test::ExpectOuter;
using test::Inner;
using test::InnerBytes;
using test::kGre;
using test::kMpls;
using test::kNsh;
using test::kVxlan;
using test::PacketBuilder;
using test::Wrap;
using Texts = std::vector<std::string>;
using Buffer = std::vector<std::uint8_t>;

TEST(DecodeTunnel, RD12_IpInIp) {
  test::CheckTunnels({
      {"ipip", {.proto = 4}, "", Inner::kIpv4, {"ipip"}},
      {"6in4", {.proto = 41}, "", Inner::kIpv6, {"6in4"}},
      {"4in6", {.proto = 4, .ipv6 = true}, "", Inner::kIpv4, {"4in6"}},
      {"6in6", {.proto = 41, .ipv6 = true}, "", Inner::kIpv6, {"6in6"}},
  });
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
