// What is encoded comes back.
#include <gtest/gtest.h>

#include "tests/uplink/support/wire_fixture.h"

namespace tapiary::uplink {
namespace {

using base::AsBytes;

TEST(WireEncode, FlowsComeBackInEveryField) {
  const FlowBatch batch{kMaxEpoch, UINT64_MAX, {FullFlow(), capture::FlowRecord{}}};
  const std::string body = EncodeFlows(batch);
  const auto back = DecodeFlows(AsBytes(body));
  ASSERT_TRUE(back) << back.error().ToString();
  EXPECT_EQ(back->epoch, batch.epoch);
  EXPECT_EQ(back->seq, batch.seq);
  ASSERT_EQ(back->flows.size(), 2u);
  const capture::FlowRecord& flow = back->flows[0];
  const capture::FlowRecord want = FullFlow();
  EXPECT_EQ(flow.id, want.id);
  EXPECT_EQ(flow.interface, want.interface);
  EXPECT_EQ(flow.vlans, want.vlans);
  EXPECT_EQ(flow.tunnels, want.tunnels);
  EXPECT_EQ(flow.orig.ip, want.orig.ip);
  EXPECT_EQ(flow.resp.ip, want.resp.ip);
  EXPECT_EQ(flow.orig.mac, want.orig.mac);
  EXPECT_EQ(flow.resp.retransmitted, UINT64_MAX);
  EXPECT_EQ(flow.role_by, want.role_by);
  EXPECT_EQ(flow.end_reason, want.end_reason);
  EXPECT_EQ(flow.anomalies, want.anomalies);
  EXPECT_EQ(flow.duplicates, 11u);
  EXPECT_EQ(flow.counters, want.counters);
  EXPECT_EQ(flow.labels, want.labels);
  EXPECT_EQ(flow.noise, want.noise);
  EXPECT_EQ(flow.blocks, want.blocks);
  EXPECT_EQ(back->flows[1].role_by, capture::RoleBy::kFirstSeen);
  EXPECT_EQ(EncodeFlows(*back), body);  // and so every other field
}

TEST(WireEncode, FactsComeBackInEveryField) {
  const FactBatch batch = FullFacts();
  const std::string body = EncodeFacts(batch);
  const auto back = DecodeFacts(AsBytes(body));
  ASSERT_TRUE(back) << back.error().ToString();
  ASSERT_EQ(back->items(), 4u);
  const capture::Transaction& one = back->transactions[0];
  EXPECT_EQ(one.code, -6);
  EXPECT_EQ(one.unit, 0u);
  EXPECT_EQ(one.quantity, std::nullopt);
  EXPECT_EQ(one.exception, std::nullopt);
  EXPECT_EQ(one.values, FullTransaction().values);
  EXPECT_EQ(one.orig_mac, FullTransaction().orig_mac);
  EXPECT_EQ(one.resp_mac, capture::MacAddress{});
  EXPECT_EQ(one.detail, FullTransaction().detail);
  EXPECT_EQ(back->gaps[0].reason, "unclean-stop");
  EXPECT_EQ(back->ledger[0].lost, batch.ledger[0].lost);
  EXPECT_EQ(back->health, batch.health);
  EXPECT_EQ(EncodeFacts(*back), body);
}

TEST(WireEncode, EmptyBatchesAreLegal) {
  EXPECT_TRUE(DecodeFlows(AsBytes(EncodeFlows({}))));
  EXPECT_TRUE(DecodeFacts(AsBytes(EncodeFacts({}))));
}

}  // namespace
}  // namespace tapiary::uplink
