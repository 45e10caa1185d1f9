#include <gtest/gtest.h>

#include "capture/decode/decode.h"
#include "tests/capture/support/decode_bytes.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture {
namespace {

using test::DecodeBytes;
using test::Hex;
using test::PacketBuilder;

TEST(DecodeLink, VlanListIsOuterFirst) {
  const Decoded decoded = DecodeBytes(PacketBuilder()
                                          .Eth()
                                          .Vlan(300, 0x88a8)
                                          .Vlan(301)
                                          .Ipv4("10.0.0.1", "10.0.0.2")
                                          .Udp(1, 2)
                                          .Build(),
                                      LinkType::kEthernet);
  EXPECT_EQ(test::Vlans(decoded), (std::vector<std::uint16_t>{300, 301}));
  EXPECT_EQ(decoded.dst_port, 2);
}

TEST(DecodeLink, TagTakenOutByTheKernelIsTheOutermost) {
  Packet packet;
  packet.has_vlan = true;
  packet.vlan_tpid = 0x8100;
  packet.vlan_tci = 0x2000 | 300;
  const Decoded decoded =
      DecodeBytes(PacketBuilder().Eth().Vlan(300).Ipv4("10.0.0.1", "10.0.0.2").Udp(1, 2).Build(),
                  LinkType::kEthernet, 0, packet);
  EXPECT_EQ(test::Vlans(decoded), (std::vector<std::uint16_t>{300, 300}));
}

TEST(DecodeLink, OT14_LayerTwoFramesBehindPriorityTag) {
  for (const int number : {0x8892, 0x88b8, 0x88ba, 0x88a4}) {
    const auto type = static_cast<std::uint16_t>(number);
    const Decoded decoded =
        DecodeBytes(PacketBuilder().Eth().Vlan(0xc000).EtherType(type).Data("fefe05000102").Build(),
                    LinkType::kEthernet);
    EXPECT_EQ(decoded.ether_type, type);
    EXPECT_TRUE(decoded.has_mac);
    EXPECT_FALSE(decoded.has_ip);
    EXPECT_EQ(test::Vlans(decoded), std::vector<std::uint16_t>{0});
  }
}

// What a layer-2 decoder gets: the bytes behind the last EtherType, and how many they were.
std::string PayloadText(const Decoded& decoded) {
  return {decoded.payload.begin(), decoded.payload.end()};
}

TEST(DecodeLink, OT14_PayloadBeginsBehindTheLastTag) {
  const std::vector<std::uint8_t> frame =
      PacketBuilder().Eth().Vlan(0xc000).EtherType(0x88b8).Data("48656c6c6f").Build();
  const Decoded decoded = DecodeBytes(frame);
  EXPECT_EQ(PayloadText(decoded), "Hello");
  EXPECT_EQ(decoded.payload_length, 5u);
  const std::vector<std::uint8_t> cut(frame.begin(), frame.end() - 2);
  const Decoded short_of_two = DecodeBytes(cut, LinkType::kEthernet, 23);
  EXPECT_EQ(PayloadText(short_of_two), "Hel");
  EXPECT_EQ(short_of_two.payload_length, 5u);
}

TEST(DecodeLink, OT14_HsrTagIsRemovedBeforeAndBehindVlan) {
  for (const bool vlan_first : {false, true}) {
    PacketBuilder builder;
    builder.Eth();
    if (vlan_first) builder.Vlan(5);
    builder.EtherType(0x892f).Raw(vlan_first ? "a011 0001 88b8" : "a011 0001 8100 0005 88b8");
    const std::vector<std::uint8_t> frame = builder.Data("48656c6c6f").Build();
    const Decoded decoded = DecodeBytes(frame);
    EXPECT_EQ(decoded.ether_type, 0x88b8);
    EXPECT_EQ(test::Vlans(decoded), std::vector<std::uint16_t>{5});
    EXPECT_EQ(test::Tunnels(decoded), std::vector<std::string>{"hsr"});
    EXPECT_EQ(PayloadText(decoded), "Hello");
  }
}

TEST(DecodeLink, OT14_PrpTrailerIsNoPayload) {
  // 5 bytes, padded to 46, and 6 of the trailer: 52 = 0x34.
  for (const char* trailer : {"0001 a034 88fb", "0001 b034 88fb", "0001 a034 88fb 01020304"}) {
    const std::vector<std::uint8_t> frame =
        PacketBuilder().Eth().EtherType(0x88b8).Data("48656c6c6f").Pad(60).Tail(trailer).Build();
    const Decoded decoded = DecodeBytes(frame);
    EXPECT_EQ(decoded.payload_length, 46u) << trailer;
    EXPECT_EQ(decoded.payload.size(), 46u);
    EXPECT_EQ(test::Tunnels(decoded), std::vector<std::string>{"prp"});
  }
  for (const char* other : {"0001 c034 88fb", "0001 a035 88fb", "0001 a034 88fc", "a034 88fb"}) {
    const std::vector<std::uint8_t> frame =
        PacketBuilder().Eth().EtherType(0x88b8).Data("48656c6c6f").Pad(60).Tail(other).Build();
    EXPECT_TRUE(DecodeBytes(frame).tunnels().empty()) << other;
    EXPECT_EQ(DecodeBytes(frame).payload_length, frame.size() - 14);
  }
}

TEST(DecodeLink, OT14_PrpTrailerBehindIpAndItsTags) {
  // LSDU size without and with the VLAN tag: 20 + 8 + 2 + 6 = 36 = 0x24.
  for (const char* trailer : {"0001 a024 88fb", "0001 b028 88fb"}) {
    const std::vector<std::uint8_t> frame = PacketBuilder()
                                                .Eth()
                                                .Vlan(7)
                                                .Ipv4("10.0.0.1", "10.0.0.2")
                                                .Udp(1, 2)
                                                .Data("0102")
                                                .Tail(trailer)
                                                .Build();
    const Decoded decoded = DecodeBytes(frame);
    EXPECT_EQ(decoded.payload.size(), 2u);
    EXPECT_EQ(test::Tunnels(decoded), std::vector<std::string>{"prp"}) << trailer;
    EXPECT_EQ(decoded.note, DecodeNote::kNone);
  }
}

// A sender must not be able to hide the end of its payload by making it look like a trailer.
TEST(DecodeLink, PayloadThatEndsLikeATrailerStaysPayload) {
  const std::vector<std::uint8_t> frame = PacketBuilder()
                                              .Eth()
                                              .Ipv4("10.0.0.1", "10.0.0.2")
                                              .Udp(1, 2)
                                              .Data("0102 0001 a024 88fb")
                                              .Build();
  const Decoded decoded = DecodeBytes(frame);
  EXPECT_EQ(decoded.payload.size(), 8u);
  EXPECT_TRUE(decoded.tunnels().empty());
}

TEST(DecodeLink, VnTagAndCiscoMetadataAreRemoved) {
  const std::vector<std::uint8_t> ip =
      PacketBuilder().Ipv4("10.0.0.1", "10.0.0.2").Udp(7, 9).Data("00").Build();
  struct Case {
    std::uint16_t type;
    const char* tag;
    const char* text;
  };
  for (const Case& c : {Case{0x8926, "800a0001 0800", "vntag:10"},
                        Case{0x8909, "0101 0001 0064 0800", "cisco-metadata:100"},
                        Case{0x8909, "0102 0001 0064 aabbccdd 0800", "cisco-metadata:100"}}) {
    const std::vector<std::uint8_t> frame =
        PacketBuilder().Eth().EtherType(c.type).Raw(c.tag).Data(ip).Build();
    const Decoded decoded = DecodeBytes(frame);
    EXPECT_EQ(decoded.dst_port, 9) << c.tag;
    EXPECT_EQ(test::Tunnels(decoded), std::vector<std::string>{c.text});
    for (std::size_t size = 14; size < 14 + Hex(c.tag).size(); ++size) {
      const std::vector<std::uint8_t> cut(frame.begin(),
                                          frame.begin() + static_cast<std::ptrdiff_t>(size));
      EXPECT_EQ(DecodeBytes(cut).note, DecodeNote::kLinkTruncated);
    }
  }
}

TEST(DecodeLink, LlcPayloadIsBoundedByTheLength) {
  // BACnet: DSAP, SSAP 0x82, UI, then 3 bytes; the rest is padding.
  const std::vector<std::uint8_t> frame =
      PacketBuilder().Eth().EtherType(6).Data("828203 010400").Pad(60).Build();
  const Decoded decoded = DecodeBytes(frame);
  EXPECT_EQ(decoded.ether_type, 6);
  EXPECT_EQ(decoded.payload_length, 6u);
  ASSERT_EQ(decoded.payload.size(), 6u);
  EXPECT_EQ(decoded.payload[0], 0x82);
  EXPECT_EQ(decoded.note, DecodeNote::kNone);
  const std::vector<std::uint8_t> lying =
      PacketBuilder().Eth().EtherType(1500).Data("828203 010400").Build();
  EXPECT_EQ(DecodeBytes(lying).payload.size(), 6u);
  EXPECT_EQ(DecodeBytes(lying).note, DecodeNote::kLengthMismatch);
}

TEST(DecodeLink, SnapLeadsToIp) {
  const std::vector<std::uint8_t> ip =
      PacketBuilder().Ipv4("10.0.0.1", "10.0.0.2").Udp(7, 9).Data("00").Build();
  const auto frame = [&ip](std::string_view snap) {
    return PacketBuilder().Eth().EtherType(37).Raw(snap).Data(ip).Pad(60).Build();
  };
  EXPECT_EQ(DecodeBytes(frame("aaaa03 000000 0800")).dst_port, 9);
  EXPECT_FALSE(DecodeBytes(frame("aaaa03 00000c 0800")).has_ip);
  EXPECT_FALSE(DecodeBytes(frame("aaaa03 000000 809b")).has_ip);
  EXPECT_EQ(DecodeBytes(frame("aaaa03 000000 809b")).payload_length, 37u);
}

}  // namespace
}  // namespace tapiary::capture
