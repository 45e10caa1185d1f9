#include "capture/decode/decode.h"

#include <gtest/gtest.h>

#include "tests/capture/support/decode_bytes.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture {
namespace {

using test::DecodeBytes;
using test::PacketBuilder;

PacketBuilder ModbusFrame() {
  return PacketBuilder()
      .Eth()
      .Vlan(0x6064)
      .Ipv4("10.0.0.1", "10.0.0.2")
      .Tcp(40000, 502, {.seq = 7})
      .Data("000100000006010300000001");
}

TEST(Decode, UndecodedLinkTypeIsNotedOnly) {
  const Decoded decoded = DecodeBytes(ModbusFrame().Build(), LinkType::kUndecoded);
  EXPECT_EQ(decoded.note, DecodeNote::kUndecodedLink);
  EXPECT_FALSE(decoded.has_ip);
}

// Every prefix of a frame decodes without reading past it (the sanitizer run proves that part), and
// whole headers stay decoded.
TEST(Decode, RD12_CapturedShorterAtEveryByte) {
  const std::vector<std::uint8_t> frame = ModbusFrame().Build();
  for (std::size_t size = 0; size <= frame.size(); ++size) {
    const std::vector<std::uint8_t> cut(frame.begin(),
                                        frame.begin() + static_cast<std::ptrdiff_t>(size));
    const Decoded decoded =
        DecodeBytes(cut, LinkType::kEthernet, static_cast<std::uint32_t>(frame.size()));
    EXPECT_EQ(decoded.has_ip, size >= 18 + 20) << size;
    EXPECT_EQ(decoded.has_ports, size >= 18 + 20 + 4) << size;
    EXPECT_EQ(decoded.tcp.seq, size >= 18 + 20 + 14 ? 7u : 0u) << size;
    EXPECT_EQ(decoded.has_ports ? decoded.payload_length : 12u, 12u) << size;
    EXPECT_LE(decoded.payload.size(), size);
  }
}

TEST(Decode, RD12_CapturedAboveWireLengthIsNoted) {
  const std::vector<std::uint8_t> frame = ModbusFrame().Build();
  const Decoded decoded = DecodeBytes(frame, LinkType::kEthernet, 1);
  EXPECT_EQ(decoded.note, DecodeNote::kLengthMismatch);
  EXPECT_TRUE(decoded.has_ports);
}

TEST(Decode, RD12_EthernetPaddingIsNoPayload) {
  const Decoded decoded =
      DecodeBytes(PacketBuilder().Eth().Ipv4("10.0.0.1", "10.0.0.2").Tcp(1, 502).Pad(60).Build());
  EXPECT_EQ(decoded.payload_length, 0u);
  EXPECT_TRUE(decoded.payload.empty());
  EXPECT_EQ(decoded.ip_length, 40u);
  EXPECT_EQ(decoded.note, DecodeNote::kNone);
}

TEST(Decode, TagsBeyondTheLimitAreNotedAndTheLoopEnds) {
  PacketBuilder builder;
  builder.Eth();
  for (int i = 0; i < 40; ++i) builder.Vlan(static_cast<std::uint16_t>(i + 1));
  const Decoded decoded = DecodeBytes(builder.Ipv4("1.1.1.1", "2.2.2.2").Udp(1, 2).Build());
  EXPECT_EQ(decoded.note, DecodeNote::kTooManyHeaders);
  EXPECT_EQ(decoded.vlan_count, kMaxVlans);
}

}  // namespace
}  // namespace tapiary::capture
