// The short way through usual frames against the walk: whole, cut, padded and damaged.
#include <gtest/gtest.h>

#include <functional>
#include <random>

#include "tests/capture/support/decode_bytes.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture {
namespace {

using test::DecodeBothWays;
using test::PacketBuilder;
using Buffer = std::vector<std::uint8_t>;

constexpr const char* kPayload = "0001000000060103000000010203";

// Transport headers and data behind each kind of address.
std::vector<Buffer> With(const std::function<PacketBuilder()>& begin) {
  return {begin().Tcp(40000, 502, {.seq = 7, .ack = 8}).Data(kPayload).Build(),
          begin().Tcp(1, 2, {.flags = 2}).Pad(60).Build(),
          begin().Tcp(1, 2, {.checksum = 0x1234}).Data("01").Pad(64).Build(),
          begin().Udp(53, 40000).Data(kPayload).Build(),
          begin().Udp(53, 40000).Data("aabbcc").Pad(60).Build(),
          begin().Udp(1, 2).Build()};
}

std::vector<Buffer> UsualFrames() {
  std::vector<Buffer> all;
  const auto add = [&all](const std::function<PacketBuilder()>& begin) {
    for (Buffer& frame : With(begin)) all.push_back(std::move(frame));
  };
  add([] { return PacketBuilder().Eth().Ipv4("10.0.0.1", "10.0.0.2", {.id = 77}); });
  add([] { return PacketBuilder().Eth().Vlan(0x6064).Ipv4("10.9.8.7", "192.0.2.2"); });
  add([] { return PacketBuilder().Eth().Ipv6("2001:db8::1", "2001:db8::2"); });
  add([] { return PacketBuilder().Eth().Vlan(3).Ipv6("fd00::ffff", "fd00:1::1"); });
  return all;
}

std::vector<Buffer> OtherFrames() {
  const auto four = [](test::Ipv4Options options) {
    return PacketBuilder().Eth().Ipv4("10.0.0.1", "10.0.0.2", options);
  };
  return {
      four({.more_fragments = true}).Udp(1, 2).Data(kPayload).Build(),
      four({.proto = 17, .fragment_offset = 64}).Data(kPayload).Build(),
      four({.total_length = 0}).Tcp(1, 2).Data(kPayload).Build(),
      four({.total_length = 900}).Udp(1, 2).Data(kPayload).Build(),
      four({.total_length = 24}).Udp(1, 2).Data(kPayload).Build(),
      four({}).Icmp(8, 0).Data(kPayload).Build(),
      four({.proto = 132}).Data(kPayload).Build(),
      four({})
          .Udp(1, 4789)
          .Raw("0800000000002a00")
          .Eth()
          .Ipv4("1.1.1.1", "2.2.2.2")
          .Udp(3, 4)
          .Data(kPayload)
          .Build(),
      four({}).Udp(1, 2).Data(kPayload).Tail("0001a026 88fb").Build(),
      four({}).Udp(1, 2).Data(kPayload).Tail("0001a026 88fb deadbeef").Build(),
      PacketBuilder().Eth().Vlan(1).Vlan(2).Ipv4("1.1.1.1", "2.2.2.2").Udp(3, 4).Build(),
      PacketBuilder().Eth().Vlan(1, 0x88a8).Ipv4("1.1.1.1", "2.2.2.2").Tcp(3, 4).Build(),
      PacketBuilder().Eth().Ipv6("fd00::1", "fd00::2").Ipv6Extension(0).Udp(1, 2).Build(),
      PacketBuilder().Eth().EtherType(0x8892).Data(kPayload).Pad(60).Build(),
      PacketBuilder().Eth().EtherType(0x0020).Data(kPayload).Pad(60).Build(),
  };
}

Packet View(const Buffer& bytes, std::size_t wire) {
  Packet packet;
  packet.bytes = bytes;
  packet.wire_length = static_cast<std::uint32_t>(wire);
  return packet;
}

bool IsPlain(const Packet& packet) {
  Decoded out;
  return decode::DecodePlain(packet, out);
}

TEST(DecodePlain, TakesUsualFramesAndNoOthers) {
  for (const Buffer& frame : UsualFrames()) {
    Packet packet = View(frame, frame.size());
    EXPECT_TRUE(IsPlain(packet));
    packet.has_vlan = true;
    packet.vlan_tci = 0x7007;
    EXPECT_TRUE(IsPlain(packet));
    const Decoded decoded = DecodeBothWays(packet, LinkType::kEthernet);
    EXPECT_EQ(decoded.vlans[0], 7);
    EXPECT_TRUE(decoded.has_ports);
  }
  for (const Buffer& frame : OtherFrames()) EXPECT_FALSE(IsPlain(View(frame, frame.size())));
}

// Cut by the capture, cut on the wire, and with a wire length that is a lie. The copy has no byte
// to spare, so that the sanitizers see what is read behind it.
TEST(DecodePlain, RD12_AgreesWithTheWalkAtEveryCut) {
  std::vector<Buffer> frames = UsualFrames();
  for (Buffer& frame : OtherFrames()) frames.push_back(std::move(frame));
  for (const Buffer& frame : frames) {
    for (std::size_t size = 0; size <= frame.size(); ++size) {
      const Buffer cut(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size));
      for (const std::size_t wire : {frame.size(), size, size + 6, size / 2}) {
        Packet packet = View(cut, wire);
        DecodeBothWays(packet, LinkType::kEthernet);
        packet.has_vlan = true;
        packet.vlan_tci = 0x0fff;
        DecodeBothWays(packet, LinkType::kEthernet);
      }
    }
  }
}

// Headers with a few bytes changed: every field takes values that it should not have.
TEST(DecodePlain, AgreesWithTheWalkOnDamagedFrames) {
  std::mt19937 random(4);
  const auto below = [&random](std::size_t bound) { return random() % bound; };
  int plain = 0;
  for (const Buffer& frame : UsualFrames()) {
    for (int round = 0; round < 3000; ++round) {
      Buffer damaged = frame;
      if (below(4) == 0) damaged.resize(damaged.size() + below(12), 0x88);
      if (below(8) == 0) {
        const Buffer trailer = test::Hex("0001a026 88fb");
        damaged.insert(damaged.end(), trailer.begin(), trailer.end());
      }
      for (std::size_t left = below(4); left-- > 0;) {
        damaged[below(damaged.size())] = static_cast<std::uint8_t>(random());
      }
      const Packet packet = View(damaged, damaged.size());
      plain += IsPlain(packet) ? 1 : 0;
      DecodeBothWays(packet, LinkType::kEthernet);
      ASSERT_FALSE(HasFailure()) << round;
    }
  }
  EXPECT_GT(plain, 20000);  // else this compares the walk with itself
}

}  // namespace
}  // namespace tapiary::capture
