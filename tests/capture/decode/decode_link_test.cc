#include <gtest/gtest.h>

#include "capture/decode/decode.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture {
namespace {

using test::Hex;
using test::PacketBuilder;

Decoded DecodeBytes(const std::vector<std::uint8_t>& bytes, LinkType link_type,
                    Packet packet = {}) {
  packet.bytes = bytes;
  packet.wire_length = static_cast<std::uint32_t>(bytes.size());
  Decoded decoded;
  Decode(packet, link_type, decoded);
  return decoded;
}

std::vector<std::uint16_t> Vlans(const Decoded& decoded) {
  return {decoded.vlans.begin(), decoded.vlans.begin() + decoded.vlan_count};
}

TEST(DecodeLink, VlanListIsOuterFirst) {
  const Decoded decoded = DecodeBytes(PacketBuilder()
                                          .Eth()
                                          .Vlan(300, 0x88a8)
                                          .Vlan(301)
                                          .Ipv4("10.0.0.1", "10.0.0.2")
                                          .Udp(1, 2)
                                          .Build(),
                                      LinkType::kEthernet);
  EXPECT_EQ(Vlans(decoded), (std::vector<std::uint16_t>{300, 301}));
  EXPECT_EQ(decoded.dst_port, 2);
}

TEST(DecodeLink, TagTakenOutByTheKernelIsTheOutermost) {
  Packet packet;
  packet.has_vlan = true;
  packet.vlan_tpid = 0x8100;
  packet.vlan_tci = 0x2000 | 300;
  const Decoded decoded =
      DecodeBytes(PacketBuilder().Eth().Vlan(300).Ipv4("10.0.0.1", "10.0.0.2").Udp(1, 2).Build(),
                  LinkType::kEthernet, packet);
  EXPECT_EQ(Vlans(decoded), (std::vector<std::uint16_t>{300, 300}));
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
    EXPECT_EQ(Vlans(decoded), std::vector<std::uint16_t>{0});
  }
}

TEST(DecodeLink, OtherLinkTypesFindTheIpHeader) {
  const std::vector<std::uint8_t> ip =
      PacketBuilder().Ipv4("10.0.0.1", "10.0.0.2").Udp(7, 9).Data("00").Build();
  const auto with = [&ip](std::string_view header) {
    std::vector<std::uint8_t> bytes = Hex(header);
    bytes.insert(bytes.end(), ip.begin(), ip.end());
    return bytes;
  };
  struct Case {
    LinkType type;
    const char* header;
  };
  for (const Case& c :
       {Case{LinkType::kRaw, ""}, Case{LinkType::kIpv4, ""}, Case{LinkType::kNull, "02000000"},
        Case{LinkType::kNull, "00000002"}, Case{LinkType::kLoop, "00000002"},
        Case{LinkType::kLinuxSll, "0000 0001 0006 020000000001 0000 0800"},
        Case{LinkType::kLinuxSll2, "0800 0000 00000003 0001 00 06 020000000001 0000"}}) {
    const Decoded decoded = DecodeBytes(with(c.header), c.type);
    EXPECT_EQ(decoded.src_port, 7) << static_cast<int>(c.type);
    EXPECT_EQ(decoded.dst.ToString(), "10.0.0.2");
  }
}

TEST(DecodeLink, CutLinkHeadersAreNoted) {
  for (const LinkType type :
       {LinkType::kEthernet, LinkType::kNull, LinkType::kLinuxSll, LinkType::kLinuxSll2}) {
    EXPECT_EQ(DecodeBytes(Hex("000000"), type).note, DecodeNote::kLinkTruncated);
  }
  EXPECT_EQ(DecodeBytes({}, LinkType::kRaw).note, DecodeNote::kLinkTruncated);
}

}  // namespace
}  // namespace tapiary::capture
