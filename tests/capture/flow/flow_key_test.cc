#include "capture/flow/flow_key.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <random>
#include <set>
#include <tuple>
#include <vector>

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

Keyed KeyOf(const Decoded& decoded) {
  Keyed out;
  std::memset(static_cast<void*>(&out.key), 0xa5, sizeof out.key);  // of another packet
  out.ok = MakeKey(decoded, 3, out.key, out.side);
  return out;
}

// As the bytes of the addresses compare, then the ports.
TEST(FlowKey, TheLowerEndComesFirst) {
  std::mt19937 random(2);
  int higher = 0;
  for (int round = 0; round < 20000; ++round) {
    Decoded decoded;
    decoded.has_ip = decoded.has_ports = true;
    decoded.src.version = decoded.dst.version = 6;
    for (std::uint8_t& byte : decoded.src.bytes) byte = random() % 4 == 0 ? 0x80 : 0x7f;
    decoded.dst = decoded.src;
    if (round % 4 != 0) decoded.dst.bytes[random() % 16] = static_cast<std::uint8_t>(random());
    decoded.src_port = random() % 2 == 0 ? 0x0100 : 0x00ff;
    decoded.dst_port = 0x00ff;
    const auto src = std::tuple(decoded.src.bytes, decoded.src_port);
    const auto dst = std::tuple(decoded.dst.bytes, decoded.dst_port);
    const Keyed keyed = KeyOf(decoded);
    ASSERT_TRUE(keyed.ok);
    EXPECT_EQ(keyed.side, src <= dst ? 0 : 1);
    EXPECT_EQ(std::tuple(keyed.key.low, keyed.key.low_port), std::min(src, dst));
    EXPECT_EQ(std::tuple(keyed.key.high, keyed.key.high_port), std::max(src, dst));
    higher += keyed.side;
  }
  EXPECT_GT(higher, 5000);
}

TEST(FlowKey, NothingOfAnEarlierKeyRemains) {
  Decoded decoded;
  EXPECT_FALSE(KeyOf(decoded).ok);
  decoded.has_mac_pair = true;
  EXPECT_TRUE(KeyOf(decoded).key == (FlowKey{.interface = 3}));
  decoded.has_ip = true;
  EXPECT_TRUE(KeyOf(decoded).key == (FlowKey{.kind = KeyKind::kIpOnly, .interface = 3}));
  decoded.is_fragment = true;
  EXPECT_TRUE(KeyOf(decoded).key == (FlowKey{.kind = KeyKind::kFragment, .interface = 3}));
}

TEST(FlowKey, EveryByteCountsInKeyAndHash) {
  const FlowKey key;
  for (std::size_t at = 0; at < sizeof key; ++at) {
    for (const int bit : {1, 16, 128}) {
      FlowKey other;
      reinterpret_cast<std::uint8_t*>(&other)[at] ^= static_cast<std::uint8_t>(bit);
      EXPECT_FALSE(other == key) << at;
      EXPECT_NE(HashKey(other, 5), HashKey(key, 5)) << at;
    }
  }
}

// Keys that share a chain of the table under one seed are spread by another one.
TEST(FlowKey, FL08_CollisionsDoNotOutliveTheSeed) {
  std::vector<FlowKey> chain;
  for (std::uint32_t number = 0; chain.size() < 256; ++number) {
    FlowKey key;
    std::memcpy(key.low.data(), &number, sizeof number);
    if ((HashKey(key, 11) & 0xfff) == 0) chain.push_back(key);
  }
  std::set<std::uint64_t> slots;
  for (const FlowKey& key : chain) slots.insert(HashKey(key, 12) & 0xfff);
  EXPECT_GT(slots.size(), 220u);
}

// Of many keys that differ in one word only, the share of as many slots that they fill.
double Filled(std::size_t word, std::size_t shift, std::uint64_t seed) {
  constexpr std::uint32_t kCount = 1 << 14;
  std::vector<bool> slots(kCount);
  for (std::uint64_t number = 0; number < kCount; ++number) {
    FlowKey key;
    const std::uint64_t value = number << shift;
    std::memcpy(reinterpret_cast<char*>(&key) + 8 * word, &value, sizeof value);
    slots[HashKey(key, seed) % kCount] = true;
  }
  return static_cast<double>(std::count(slots.begin(), slots.end(), true)) / kCount;
}

// Regular addresses and ports fill a table as chance would, 63 % of its slots, or better.
TEST(FlowKey, RegularKeysSpread) {
  for (const std::uint64_t seed : {0ull, 1ull, 0x123456789abcdefull, ~0ull}) {
    for (std::size_t word = 0; word < 7; ++word) {
      for (const std::size_t shift : {0u, 13u, 32u, 48u}) {
        EXPECT_GT(Filled(word, shift, seed), 0.6) << word << " " << shift << " " << seed;
      }
    }
  }
}

}  // namespace
}  // namespace tapiary::capture
