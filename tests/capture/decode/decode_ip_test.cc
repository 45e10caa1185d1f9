#include <gtest/gtest.h>

#include "tests/capture/support/decode_bytes.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture {
namespace {

using test::DecodeBytes;
using test::PacketBuilder;

TEST(DecodeIp, FL06_ExtensionChainLeadsToTcp) {
  const Decoded decoded = DecodeBytes(PacketBuilder()
                                          .Eth()
                                          .Ipv6("2001:db8::1", "2001:db8::2")
                                          .Ipv6Extension(0)
                                          .Ipv6Extension(60, 8)
                                          .Ipv6Extension(43)
                                          .Ipv6Fragment(9, 0, false, 6)
                                          .Tcp(40000, 502)
                                          .Data("0102")
                                          .Build());
  EXPECT_EQ(decoded.proto, 6);
  EXPECT_EQ(decoded.dst_port, 502);
  EXPECT_EQ(decoded.payload_length, 2u);
  EXPECT_FALSE(decoded.is_fragment);  // an atomic fragment is whole
  EXPECT_EQ(decoded.note, DecodeNote::kNone);
}

TEST(DecodeIp, FL06_ChainOfThreeHundredStopsAtTheLimit) {
  PacketBuilder builder;
  builder.Eth().Ipv6("2001:db8::1", "2001:db8::2");
  for (int i = 0; i < 300; ++i) builder.Ipv6Extension(60);
  const Decoded decoded = DecodeBytes(builder.Tcp(1, 502).Build());
  EXPECT_EQ(decoded.note, DecodeNote::kTooManyHeaders);
  EXPECT_TRUE(decoded.has_ip);
  EXPECT_FALSE(decoded.has_ports);
}

TEST(DecodeIp, FL06_ExtensionLengthPastTheEnd) {
  std::vector<std::uint8_t> frame = PacketBuilder()
                                        .Eth()
                                        .Ipv6("2001:db8::1", "2001:db8::2")
                                        .Ipv6Extension(60)
                                        .Tcp(1, 502)
                                        .Build();
  frame[14 + 40 + 1] = 0xff;
  const Decoded decoded = DecodeBytes(frame);
  EXPECT_EQ(decoded.note, DecodeNote::kL4Truncated);
  EXPECT_FALSE(decoded.has_ports);
}

TEST(DecodeIp, ImpossibleHeadersAreNoted) {
  const std::vector<std::uint8_t> good =
      PacketBuilder().Eth().Ipv4("10.0.0.1", "10.0.0.2").Tcp(1, 2).Build();
  const auto with = [&good](std::size_t at, std::uint8_t value) {
    std::vector<std::uint8_t> bytes = good;
    bytes[at] = value;
    return DecodeBytes(bytes).note;
  };
  EXPECT_EQ(with(14, 0x55), DecodeNote::kBadIpHeader);     // version 5
  EXPECT_EQ(with(14, 0x44), DecodeNote::kBadIpHeader);     // header of 16 bytes
  EXPECT_EQ(with(14, 0x4f), DecodeNote::kBadIpHeader);     // header of 60 bytes, not there
  EXPECT_EQ(with(17, 19), DecodeNote::kBadIpHeader);       // total length below the header's
  EXPECT_EQ(with(16, 0x10), DecodeNote::kLengthMismatch);  // beyond the frame
}

TEST(DecodeIp, TotalLengthZeroUsesTheFrame) {
  const Decoded decoded = DecodeBytes(PacketBuilder()
                                          .Eth()
                                          .Ipv4("10.0.0.1", "10.0.0.2", {.total_length = 0})
                                          .Tcp(1, 2)
                                          .Data(std::vector<std::uint8_t>(3000))
                                          .Build());
  EXPECT_EQ(decoded.payload_length, 3000u);
  EXPECT_EQ(decoded.ip_length, 3040u);
}

TEST(DecodeIp, FL05_LaterFragmentHasNoPorts) {
  const Decoded decoded = DecodeBytes(
      PacketBuilder()
          .Eth()
          .Ipv4("10.0.0.1", "10.0.0.2", {.proto = 17, .id = 77, .fragment_offset = 1480})
          .Data("01f601f6")
          .Build());
  EXPECT_TRUE(decoded.is_fragment);
  EXPECT_FALSE(decoded.first_fragment);
  EXPECT_FALSE(decoded.has_ports);
  EXPECT_EQ(decoded.fragment_offset, 1480);
  EXPECT_EQ(decoded.ip_id, 77u);
  EXPECT_EQ(decoded.payload_length, 4u);
}

}  // namespace
}  // namespace tapiary::capture
