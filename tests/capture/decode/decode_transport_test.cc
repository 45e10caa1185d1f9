#include <gtest/gtest.h>

#include "tests/capture/support/decode_bytes.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture {
namespace {

using test::DecodeBytes;
using test::PacketBuilder;

TEST(DecodeTransport, RightChecksumsAreNotBad) {
  for (const char* data : {"", "01", "0102", "010203", "0102030405060708090a"}) {
    EXPECT_FALSE(
        DecodeBytes(PacketBuilder().Eth().Ipv4("10.9.8.7", "10.0.0.2").Tcp(1, 2).Data(data).Build())
            .bad_checksum);
    EXPECT_FALSE(
        DecodeBytes(PacketBuilder().Eth().Ipv4("10.9.8.7", "10.0.0.2").Udp(1, 2).Data(data).Build())
            .bad_checksum);
    EXPECT_FALSE(
        DecodeBytes(PacketBuilder().Eth().Ipv6("2001:db8::1", "::2").Tcp(1, 2).Data(data).Build())
            .bad_checksum);
    EXPECT_FALSE(
        DecodeBytes(
            PacketBuilder().Eth().Ipv4("10.9.8.7", "10.0.0.2").Icmp(8, 0).Data(data).Build())
            .bad_checksum);
  }
}

TEST(DecodeTransport, CAP11_ZeroTcpChecksumIsBadAndStillDecoded) {
  const Decoded decoded = DecodeBytes(PacketBuilder()
                                          .Eth()
                                          .Ipv4("10.0.0.1", "10.0.0.2")
                                          .Tcp(1, 502, {.checksum = 0})
                                          .Data("0102")
                                          .Build());
  EXPECT_TRUE(decoded.bad_checksum);
  EXPECT_EQ(decoded.payload.size(), 2u);
}

TEST(DecodeTransport, ZeroUdpChecksumMeansNone) {
  std::vector<std::uint8_t> frame =
      PacketBuilder().Eth().Ipv4("10.0.0.1", "10.0.0.2").Udp(1, 2).Data("0102").Build();
  frame[14 + 20 + 6] = frame[14 + 20 + 7] = 0;
  EXPECT_FALSE(DecodeBytes(frame).bad_checksum);
  frame[14 + 20 + 7] = 1;
  EXPECT_TRUE(DecodeBytes(frame).bad_checksum);
}

TEST(DecodeTransport, IcmpPortsAreThoseOfCommunityId) {
  const auto icmp = [](std::uint8_t type, std::uint8_t code) {
    return DecodeBytes(PacketBuilder().Eth().Ipv4("10.0.0.1", "10.0.0.2").Icmp(type, code).Build());
  };
  EXPECT_EQ(icmp(8, 0).src_port, 8);
  EXPECT_EQ(icmp(8, 0).dst_port, 0);
  EXPECT_FALSE(icmp(8, 0).one_way);
  EXPECT_EQ(icmp(0, 0).dst_port, 8);
  EXPECT_EQ(icmp(3, 13).src_port, 3);
  EXPECT_EQ(icmp(3, 13).dst_port, 13);
  EXPECT_TRUE(icmp(3, 13).one_way);
}

TEST(DecodeTransport, TcpOptionsAreHeader) {
  std::vector<std::uint8_t> frame = PacketBuilder()
                                        .Eth()
                                        .Ipv4("10.0.0.1", "10.0.0.2")
                                        .Tcp(1, 502)
                                        .Data("0101010101010101 aabb")
                                        .Build();
  frame[14 + 20 + 12] = 0x70;  // 28 bytes
  const Decoded decoded = DecodeBytes(frame);
  EXPECT_EQ(decoded.payload_length, 2u);
  ASSERT_EQ(decoded.payload.size(), 2u);
  EXPECT_EQ(decoded.payload[0], 0xaa);
  frame[14 + 20 + 12] = 0xf0;  // 60 bytes, more than there is
  EXPECT_EQ(DecodeBytes(frame).payload_length, 0u);
}

}  // namespace
}  // namespace tapiary::capture
