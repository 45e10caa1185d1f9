#include "capture/flow/flow_key.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture {
namespace {

using test::PacketBuilder;

struct Keyed {
  bool ok = false;
  FlowKey key;
  std::uint8_t side = 0;
};

Keyed KeyOf(const PacketBuilder& builder, std::uint16_t interface = 0) {
  const std::vector<std::uint8_t> bytes = builder.Build();
  Packet packet;
  packet.bytes = bytes;
  packet.wire_length = static_cast<std::uint32_t>(bytes.size());
  Decoded decoded;
  Decode(packet, LinkType::kEthernet, decoded);
  Keyed out;
  out.ok = MakeKey(decoded, interface, out.key, out.side);
  return out;
}

PacketBuilder Udp(const char* src, const char* dst, std::uint16_t sport, std::uint16_t dport) {
  return PacketBuilder().Eth().Ipv4(src, dst).Udp(sport, dport);
}

TEST(FlowKey, BothDirectionsAreOneKey) {
  const Keyed there = KeyOf(Udp("10.0.0.1", "10.0.0.2", 5, 6));
  const Keyed back = KeyOf(Udp("10.0.0.2", "10.0.0.1", 6, 5));
  EXPECT_TRUE(there.key == back.key);
  EXPECT_NE(there.side, back.side);
  EXPECT_EQ(HashKey(there.key, 1), HashKey(back.key, 1));
  EXPECT_NE(HashKey(there.key, 1), HashKey(there.key, 2));
}

TEST(FlowKey, FL07_VlanListBelongsToTheKey) {
  const auto tagged = [](std::uint16_t vlan) {
    return KeyOf(PacketBuilder().Eth().Vlan(vlan).Ipv4("10.0.0.1", "10.0.0.2").Udp(1, 2)).key;
  };
  EXPECT_FALSE(tagged(10) == tagged(20));
  EXPECT_TRUE(tagged(10) == tagged(10 | 0x6000));  // priority is not the VLAN
}

TEST(FlowKey, FL07_VirtualNetworksBelongToTheKeyMirrorsDoNot) {
  const auto vxlan = [](const char* header) {
    return KeyOf(PacketBuilder()
                     .Eth()
                     .Ipv4("10.9.9.1", "10.9.9.2")
                     .Udp(5, 4789)
                     .Raw(header)
                     .Eth()
                     .Ipv4("10.0.0.1", "10.0.0.2")
                     .Udp(1, 2))
        .key;
  };
  const auto gre = [](const char* header) {
    return KeyOf(PacketBuilder()
                     .Eth()
                     .Ipv4("10.9.9.1", "10.9.9.2", {.proto = 47})
                     .Raw(header)
                     .Eth()
                     .Ipv4("10.0.0.1", "10.0.0.2")
                     .Udp(1, 2))
        .key;
  };
  const FlowKey direct = KeyOf(Udp("10.0.0.1", "10.0.0.2", 1, 2)).key;
  EXPECT_FALSE(vxlan("08000000 00000100") == vxlan("08000000 00000200"));
  EXPECT_FALSE(vxlan("08000000 00000000") == direct);
  EXPECT_TRUE(gre("2000 6558 00000001") == gre("2000 6558 00000002"));
  EXPECT_TRUE(gre("1000 88be 00000001 10050064 00000000") == direct);
}

TEST(FlowKey, FL10_RedundantCopiesAreOneFlow) {
  const auto prp = [](const char* trailer) {
    return KeyOf(PacketBuilder().Eth().EtherType(0x88b8).Data("48656c6c6f").Pad(60).Tail(trailer))
        .key;
  };
  EXPECT_TRUE(prp("0001 a034 88fb") == prp("0001 b034 88fb"));
  const auto hsr = [](const char* tag) {
    return KeyOf(PacketBuilder().Eth().EtherType(0x892f).Raw(tag).Data("48656c6c6f")).key;
  };
  EXPECT_TRUE(hsr("000b 0001 88b8") == hsr("100b 0001 88b8"));
  EXPECT_TRUE(prp("0001 a034 88fb") == hsr("000b 0001 88b8"));
}

TEST(FlowKey, FL10_InterfaceBelongsToTheKey) {
  const PacketBuilder packet = Udp("10.0.0.1", "10.0.0.2", 5, 6);
  EXPECT_FALSE(KeyOf(packet, 0).key == KeyOf(packet, 1).key);
}

TEST(FlowKey, OneWayIcmpKeepsItsDirection) {
  const auto icmp = [](const char* src, const char* dst, std::uint8_t type) {
    return KeyOf(PacketBuilder().Eth().Ipv4(src, dst).Icmp(type, 1)).key;
  };
  EXPECT_FALSE(icmp("10.0.0.1", "10.0.0.2", 3) == icmp("10.0.0.2", "10.0.0.1", 3));
}

TEST(FlowKey, LayerTwoKeysByMacPairAndEtherType) {
  const auto frame = [](const char* src, const char* dst, std::uint16_t type) {
    return KeyOf(PacketBuilder().Eth(src, dst).EtherType(type).Data("0000"));
  };
  const Keyed there = frame("02:00:00:00:00:01", "02:00:00:00:00:02", 0x8892);
  const Keyed back = frame("02:00:00:00:00:02", "02:00:00:00:00:01", 0x8892);
  EXPECT_TRUE(there.ok);
  EXPECT_TRUE(there.key == back.key);
  EXPECT_FALSE(there.key == frame("02:00:00:00:00:01", "02:00:00:00:00:02", 0x88b8).key);
  // Lengths of LLC frames are one kind.
  EXPECT_TRUE(frame("02:00:00:00:00:01", "02:00:00:00:00:02", 38).key ==
              frame("02:00:00:00:00:01", "02:00:00:00:00:02", 60).key);
}

TEST(FlowKey, FL05_FragmentsKeyByIdentification) {
  const auto later = [](std::uint16_t id) {
    return KeyOf(PacketBuilder()
                     .Eth()
                     .Ipv4("10.0.0.2", "10.0.0.1", {.proto = 17, .id = id, .fragment_offset = 8})
                     .Data("0000"))
        .key;
  };
  EXPECT_EQ(later(1).kind, KeyKind::kFragment);
  EXPECT_TRUE(later(1) == later(1));
  EXPECT_FALSE(later(1) == later(2));
}

}  // namespace
}  // namespace tapiary::capture
