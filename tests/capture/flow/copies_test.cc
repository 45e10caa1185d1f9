#include "capture/flow/copies.h"

#include <gtest/gtest.h>

#include <utility>

#include "capture/flow/flow_key.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture {
namespace {

using test::Adu;
using test::kMilli;
using test::kStart;
using test::MeterRun;
using test::PacketBuilder;
using test::PacketList;
using test::RunMeter;
using test::TcpTalk;

constexpr const char* kRead = "0300000002";
constexpr const char* kReply = "030400010002";

// Every packet of a conversation again `delay` later, tagged or not.
PacketList Mirrored(std::int64_t delay, bool tag) {
  PacketList once;
  TcpTalk talk(once);
  talk.Handshake();
  for (std::uint16_t i = 0; i < 5; ++i) talk.Client(Adu(i, 1, kRead)).Server(Adu(i, 1, kReply));
  talk.Close();
  PacketList twice;
  for (const Packet& packet : once.packets()) {
    std::vector<std::uint8_t> bytes(packet.bytes.begin(), packet.bytes.end());
    twice.Add(bytes, packet.time_ns);
    if (tag) {
      const std::uint8_t header[] = {0x81, 0x00, 0x00, 0x0a};
      bytes.insert(bytes.begin() + 12, std::begin(header), std::end(header));
    }
    twice.Add(bytes, packet.time_ns + delay);
  }
  return twice;
}

TEST(Copies, FL10_CopiesAreCountedAndDecodedOnce) {
  PacketList packets = Mirrored(4000, false);
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.flows.size(), 1u);
  const FlowRecord& flow = run.records.flows[0];
  EXPECT_EQ(flow.orig.packets + flow.resp.packets, packets.packets().size());
  EXPECT_EQ(flow.duplicates, packets.packets().size() / 2);
  EXPECT_EQ(flow.orig.retransmitted + flow.resp.retransmitted, 0u);
  EXPECT_EQ(run.records.transactions.size(), 5u);
  EXPECT_TRUE(flow.anomalies.empty());
}

TEST(Copies, FL10_CopyWithTagIsAnotherFlowWithoutFactsOfItsOwn) {
  PacketList packets = Mirrored(4000, true);
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.flows.size(), 2u);
  EXPECT_EQ(run.records.flows[0].duplicates + run.records.flows[1].duplicates,
            packets.packets().size() / 2);
  EXPECT_EQ(run.records.flows[0].community_id, run.records.flows[1].community_id);
  ASSERT_EQ(run.records.transactions.size(), 5u);
  for (const Transaction& transaction : run.records.transactions) {
    EXPECT_EQ(transaction.status, TransactionStatus::kOk);
    EXPECT_TRUE(transaction.anomalies.empty());
  }
}

TEST(Copies, FL10_DroppedCopiesLeaveNoTraceButTheirCount) {
  for (const bool tag : {false, true}) {
    PacketList packets = Mirrored(4000, tag);
    const MeterRun run = RunMeter(packets, {.active_timeout_ns = 0, .drop_copies = true});
    ASSERT_EQ(run.records.flows.size(), 1u);
    const FlowRecord& flow = run.records.flows[0];
    EXPECT_EQ(flow.orig.packets + flow.resp.packets, packets.packets().size() / 2);
    EXPECT_EQ(run.stats.dropped_copies, packets.packets().size() / 2);
    EXPECT_EQ(run.records.transactions.size(), 5u);
  }
}

TEST(Copies, LaterRepeatsAreRetransmissions) {
  PacketList packets = Mirrored(2 * kMilli, false);
  const MeterRun run = RunMeter(packets);
  std::uint64_t retransmitted = 0, duplicates = 0;
  for (const FlowRecord& flow : run.records.flows) {
    retransmitted += flow.orig.retransmitted + flow.resp.retransmitted;
    duplicates += flow.duplicates;
  }
  EXPECT_EQ(duplicates, 0u);
  EXPECT_GE(retransmitted, 9u);
}

TEST(Copies, FL10_UdpRequestSeenTwiceIsAskedOnce) {
  PacketList packets;
  for (int copy = 0; copy < 2; ++copy) {
    packets.Add(PacketBuilder()
                    .Eth()
                    .Ipv4("10.0.0.1", "10.0.0.2", {.id = 5})
                    .Udp(40000, 502)
                    .Data(Adu(1, 1, kRead))
                    .Build(),
                kStart + copy);
  }
  for (int copy = 0; copy < 2; ++copy) {
    packets.Add(PacketBuilder()
                    .Eth()
                    .Ipv4("10.0.0.2", "10.0.0.1", {.id = 6})
                    .Udp(502, 40000)
                    .Data(Adu(1, 1, kReply))
                    .Build(),
                kStart + 10 + copy);
  }
  const MeterRun run = RunMeter(packets);
  ASSERT_EQ(run.records.transactions.size(), 1u);
  EXPECT_TRUE(run.records.transactions[0].anomalies.empty());
  EXPECT_EQ(run.records.flows[0].duplicates, 2u);
}

Decoded Sample() {
  Decoded packet;
  packet.has_ip = true;
  packet.proto = 17;
  packet.src.version = packet.dst.version = 4;
  packet.ip_id = 7;
  packet.ip_length = 100;
  return packet;
}

// As the meter asks.
CopyKind Check(CopyDetector& copies, const Decoded& packet, std::uint32_t flow_hash = 1,
               std::int64_t time_ns = kStart) {
  FlowKey key;
  std::uint8_t side = 0;
  EXPECT_TRUE(MakeKey(packet, 0, key, side));
  const std::uint64_t print = copies.Fingerprint(packet, HashParts(key, 3).ends, side);
  return copies.Check(print, flow_hash, time_ns);
}

TEST(CopyDetector, WhatDiffersIsNoCopy) {
  CopyDetector detector(1);
  EXPECT_EQ(Check(detector, Sample(), 1, 100), CopyKind::kNone);
  Decoded other = Sample();
  other.ip_id = 8;
  EXPECT_EQ(Check(detector, other, 1, 100), CopyKind::kNone);
  const std::uint8_t payload[] = {1, 2, 3};
  other = Sample();
  other.payload = payload;
  EXPECT_EQ(Check(detector, other, 1, 100), CopyKind::kNone);
  EXPECT_EQ(Check(detector, Sample(), 1, 101), CopyKind::kSameFlow);
  EXPECT_EQ(Check(detector, Sample(), 2, 101), CopyKind::kOtherFlow);
}

TEST(CopyDetector, AnswersThatDifferInOneByteAreNoCopies) {
  // A device with IP identification 0 answers several requests at once.
  CopyDetector detector(1);
  std::vector<std::uint8_t> payload(40, 7);
  Decoded packet = Sample();
  packet.ip_id = 0;
  for (std::size_t at = 0; at < payload.size(); ++at) {
    payload[at] = 8;
    packet.payload = payload;
    EXPECT_EQ(Check(detector, packet, 1, 100), CopyKind::kNone) << at;
    payload[at] = 7;
  }
}

TEST(CopyDetector, HostileTimesAreFarApart) {
  CopyDetector detector(1);
  EXPECT_EQ(Check(detector, Sample(), 1, INT64_MAX), CopyKind::kNone);
  EXPECT_EQ(Check(detector, Sample(), 1, INT64_MIN + 1), CopyKind::kNone);
  EXPECT_EQ(Check(detector, Sample(), 1, kTimeUnknown), CopyKind::kNone);
  EXPECT_EQ(Check(detector, Sample(), 1, 0), CopyKind::kNone);
  EXPECT_EQ(Check(detector, Sample(), 1, -1), CopyKind::kSameFlow);  // in the wrong order
}

// Other packets between the copies hide none of them, whatever the seed of the process (R5).
TEST(CopyDetector, FL10_PacketsInBetweenHideNoCopyWhateverTheSeed) {
  constexpr std::uint16_t kBetween = 32;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    CopyDetector detector(seed);
    Decoded packet = Sample();
    for (const CopyKind expected : {CopyKind::kNone, CopyKind::kSameFlow}) {
      for (packet.ip_id = 0; packet.ip_id < kBetween; ++packet.ip_id) {
        ASSERT_EQ(Check(detector, packet), expected) << seed << " " << packet.ip_id;
      }
    }
  }
}

// Which bytes of the payload tell packets apart: the first 64 and the last 8, of TCP the first 8.
TEST(Copies, FL10_PayloadIsLookedAtFrontAndEnd) {
  for (const std::uint8_t proto : {std::uint8_t{6}, std::uint8_t{17}}) {
    const std::size_t front = proto == 6 ? 8 : 64;
    for (std::size_t size = 1; size <= 100; ++size) {
      for (std::size_t at = 0; at < size; ++at) {
        CopyDetector copies(3);
        std::vector<std::uint8_t> payload(size, 0x20);
        Decoded decoded;
        decoded.has_ip = true;
        decoded.proto = proto;
        decoded.src.version = decoded.dst.version = size % 2 == 0 ? 4 : 6;
        decoded.payload = payload;
        EXPECT_EQ(Check(copies, decoded), CopyKind::kNone);
        EXPECT_EQ(Check(copies, decoded), CopyKind::kSameFlow);
        payload[at] = 0x21;
        const bool seen = at < front || at + 8 >= size;
        EXPECT_EQ(Check(copies, decoded) == CopyKind::kNone, seen) << size << " " << at;
      }
    }
  }
}

TEST(Copies, FL10_EveryNumberOfTheHeadersTellsPacketsApart) {
  const auto differs = [](auto change, bool ip = true) {
    CopyDetector copies(3);
    Decoded decoded;
    decoded.has_ip = ip;
    decoded.has_mac_pair = true;
    decoded.proto = 6;
    decoded.src.version = decoded.dst.version = 4;
    decoded.src.bytes[0] = 9;
    EXPECT_EQ(Check(copies, decoded), CopyKind::kNone);
    change(decoded);
    return Check(copies, decoded) == CopyKind::kNone;
  };
  EXPECT_TRUE(differs([](Decoded& d) { d.src.bytes[3] = 1; }));
  EXPECT_TRUE(differs([](Decoded& d) { d.dst.bytes[3] = 1; }));
  EXPECT_TRUE(differs([](Decoded& d) { d.src_port = 1; }));
  EXPECT_TRUE(differs([](Decoded& d) { d.dst_port = 1; }));
  EXPECT_TRUE(differs([](Decoded& d) { d.proto = 1; }));
  EXPECT_TRUE(differs([](Decoded& d) { d.ip_id = 1; }));
  EXPECT_TRUE(differs([](Decoded& d) { d.ip_length = 1; }));
  EXPECT_TRUE(differs([](Decoded& d) { d.fragment_offset = 8; }));
  EXPECT_TRUE(differs([](Decoded& d) { d.tcp.seq = 1; }));
  EXPECT_TRUE(differs([](Decoded& d) { d.tcp.ack = 1; }));
  EXPECT_TRUE(differs([](Decoded& d) { d.tcp.flags = 1; }));
  EXPECT_TRUE(differs([](Decoded& d) { d.src_mac[5] = 1; }, false));
  EXPECT_TRUE(differs([](Decoded& d) { d.dst_mac[5] = 1; }, false));
  EXPECT_TRUE(differs([](Decoded& d) { d.ether_type = 1; }, false));
  EXPECT_TRUE(differs([](Decoded& d) { d.payload_length = 1; }, false));
  EXPECT_TRUE(differs([](Decoded& d) { std::swap(d.src.bytes, d.dst.bytes); }));
  EXPECT_FALSE(differs([](Decoded& d) { d.src_mac[5] = 1; }));
  EXPECT_FALSE(differs([](Decoded& d) { d.vlan_count = 1, d.vlans[0] = 5; }));
  EXPECT_FALSE(differs([](Decoded& d) { d.tunnel_count = 1, d.tunnel_list[0] = {}; }));
}

}  // namespace
}  // namespace tapiary::capture
