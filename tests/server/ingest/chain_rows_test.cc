#include "server/ingest/chain_rows.h"

#include "base/text.h"
#include "tests/server/ingest/fixture.h"
#include "tests/server/support/signing_sensor.h"

namespace tapiary::server::test {
namespace {

using uplink::ItemKind;

class ChainRows : public IngestFixture {
 protected:
  std::string FlowsBody(std::uint64_t epoch, std::uint64_t seq, const std::string& service = "x") {
    uplink::FlowBatch batch{.epoch = epoch, .seq = seq, .flows = {}};
    capture::FlowRecord flow;
    flow.id = {epoch, seq};
    flow.service = service;
    batch.flows.push_back(flow);
    return uplink::EncodeFlows(batch);
  }
  int PutFacts(SigningSensor& sensor, std::uint64_t epoch, std::uint64_t seq) {
    return Put("facts", epoch, seq, {sensor.Facts(epoch, seq)}).status;
  }
  std::string VerifiedOf(const std::string& kind, std::uint64_t epoch, std::uint64_t seq) {
    const auto row = Row("SELECT verified FROM items WHERE kind = '" + kind + "' AND epoch = " +
                         std::to_string(epoch) + " AND seq = " + std::to_string(seq));
    return row.empty() ? "none" : row[0];
  }
  std::int64_t Alarms(const std::string& action) {
    return Count("audit WHERE action = '" + action + "'");
  }
  SigningSensor sensor_{1};
};

TEST_F(ChainRows, ItemsAreVerifiedWhicheverComesFirst) {
  const std::string early = FlowsBody(1, 0);
  const std::string late = FlowsBody(1, 1);
  const std::string segment = MakeSegment(0);
  ASSERT_EQ(Put("flows", 1, 0, {early}).status, 201);
  EXPECT_EQ(VerifiedOf("flows", 1, 0), "0");
  sensor_.Made(ItemKind::kFlows, 1, 0, early);
  sensor_.Made(ItemKind::kFlows, 1, 1, late);
  sensor_.Made(ItemKind::kSegments, 1, 0, segment);
  ASSERT_EQ(PutFacts(sensor_, 1, 0), 201);
  EXPECT_EQ(VerifiedOf("flows", 1, 0), "1");
  EXPECT_EQ(Count("expected_items"), 2);
  ASSERT_EQ(Put("flows", 1, 1, {late}).status, 201);
  ASSERT_EQ(Put("segments", 1, 0, {segment}).status, 201);
  EXPECT_EQ(VerifiedOf("flows", 1, 1), "1");
  EXPECT_EQ(VerifiedOf("segments", 1, 0), "1");
  EXPECT_EQ(Count("expected_items"), 0);
  // Facts are told by the next ones.
  EXPECT_EQ(VerifiedOf("facts", 1, 0), "0");
  ASSERT_EQ(PutFacts(sensor_, 1, 1), 201);
  EXPECT_EQ(VerifiedOf("facts", 1, 0), "1");
  EXPECT_EQ(Row("SELECT chain_number FROM items WHERE kind = 'facts' AND seq = 0")[0], "4");
  EXPECT_EQ(Row("SELECT last_number, forks FROM chains"), (std::vector<std::string>{"4", "0"}));
  EXPECT_EQ(Count("item_bodies"), 4);
  EXPECT_EQ(Alarms("sensor-key-pinned"), 1);
  EXPECT_EQ(Count("audit"), 1);
}

TEST_F(ChainRows, CO15_WhatIsNotWhatTheSensorMadeIsStoredAndMarked) {
  const std::string made = FlowsBody(1, 0);
  ASSERT_EQ(Put("flows", 1, 0, {FlowsBody(1, 0, "other")}).status, 201);
  sensor_.Made(ItemKind::kFlows, 1, 0, made);
  sensor_.Made(ItemKind::kFlows, 1, 1, FlowsBody(1, 1));
  ASSERT_EQ(PutFacts(sensor_, 1, 0), 201);
  EXPECT_EQ(VerifiedOf("flows", 1, 0), "2");
  ASSERT_EQ(Put("flows", 1, 1, {FlowsBody(1, 1, "other")}).status, 201);
  EXPECT_EQ(VerifiedOf("flows", 1, 1), "2");
  EXPECT_EQ(Alarms("item-altered"), 2);
  EXPECT_EQ(Count("flows"), 2);
}

TEST_F(ChainRows, HP04_FactsOfAnotherSensorAreAlarmed) {
  ASSERT_EQ(PutFacts(sensor_, 1, 0), 201);
  SigningSensor other(2);
  const std::string told = FlowsBody(1, 0);
  ASSERT_EQ(Put("flows", 1, 0, {told}).status, 201);
  other.Made(ItemKind::kFlows, 1, 0, FlowsBody(1, 0, "other"));
  ASSERT_EQ(PutFacts(other, 1, 1), 201);  // stored
  EXPECT_EQ(VerifiedOf("facts", 1, 1), "4");
  EXPECT_EQ(VerifiedOf("flows", 1, 0), "0");  // and believed in nothing
  EXPECT_EQ(Alarms("sensor-key-changed"), 1);
  const std::string how = "%An admin does with POST /api/v1/sensors/plant-a/keys {\"key\": \"" +
                          base::ToHex(other.key().public_key()) + "\", \"state\": \"trusted\"}%";
  EXPECT_EQ(Count("audit WHERE detail LIKE '" + how + "'"), 1);
  ASSERT_EQ(PutFacts(other, 1, 2), 201);
  EXPECT_EQ(Alarms("sensor-key-changed"), 1);
  EXPECT_EQ(Count("sensor_keys WHERE state = 'pending'"), 1);
  EXPECT_EQ(Count("chains"), 1);
  // Nobody fills the table with keys.
  for (std::uint8_t i = 10; i < 30; ++i) {
    SigningSensor many(i);
    ASSERT_EQ(PutFacts(many, 1, i), 201);
  }
  EXPECT_EQ(Count("sensor_keys WHERE state = 'pending'"), kMaxPendingKeys);
}

TEST_F(ChainRows, UnsignedOrWronglySignedFactsOfASigningSensorAreMarked) {
  const std::string unsigned_facts = uplink::EncodeFacts({}, 1, 0, nullptr);
  ASSERT_EQ(Put("facts", 1, 0, {unsigned_facts}).status, 201);
  EXPECT_EQ(VerifiedOf("facts", 1, 0), "0");  // a sensor that never signed
  ASSERT_EQ(PutFacts(sensor_, 1, 1), 201);
  ASSERT_EQ(Put("facts", 1, 2, {uplink::EncodeFacts({}, 1, 2, nullptr)}).status, 201);
  EXPECT_EQ(VerifiedOf("facts", 1, 2), "3");
  EXPECT_EQ(Alarms("unsigned-facts"), 1);
  uplink::FactBatch batch;
  batch.epoch = 1;
  batch.seq = 3;
  batch.evidence = sensor_.next_;  // its key and chain, another one's signature
  const SigningSensor thief(2);
  const std::string forged = uplink::EncodeFacts(batch, &thief.key());
  ASSERT_EQ(Put("facts", 1, 3, {forged}).status, 201);
  EXPECT_EQ(VerifiedOf("facts", 1, 3), "3");
  EXPECT_EQ(Alarms("bad-signature"), 1);
  // Also when the sensor tells that it made them.
  sensor_.Made(ItemKind::kFacts, 1, 3, forged);
  ASSERT_EQ(PutFacts(sensor_, 1, 4), 201);
  EXPECT_EQ(VerifiedOf("facts", 1, 3), "3");
}

TEST_F(ChainRows, AForkIsToldOnceAndBothSidesAreKept) {
  sensor_.Made(ItemKind::kFlows, 1, 0, FlowsBody(1, 0));
  ASSERT_EQ(PutFacts(sensor_, 1, 0), 201);
  SigningSensor copy(1);  // the same key, restored to where it was before
  copy.Made(ItemKind::kFlows, 2, 0, FlowsBody(2, 0));
  ASSERT_EQ(PutFacts(copy, 2, 0), 201);
  EXPECT_EQ(Alarms("chain-forked"), 1);
  ASSERT_EQ(PutFacts(sensor_, 1, 1), 201);
  ASSERT_EQ(PutFacts(copy, 2, 1), 201);
  EXPECT_EQ(Alarms("chain-forked"), 1);
  EXPECT_EQ(Count("chain_runs"), 4);
  EXPECT_EQ(Count("expected_items"), 2);
  ASSERT_EQ(Put("flows", 2, 0, {FlowsBody(2, 0)}).status, 201);
  EXPECT_EQ(VerifiedOf("flows", 2, 0), "1");
}

TEST_F(ChainRows, RunsMayComeInAnyOrderAndTwice) {
  sensor_.Made(ItemKind::kFlows, 1, 0, FlowsBody(1, 0));
  const uplink::ChainRun first = sensor_.next_.runs[0];
  const std::string facts0 = sensor_.Facts(1, 0);
  const std::string facts1 = sensor_.Facts(1, 1);
  const std::string facts2 = sensor_.Facts(1, 2);
  ASSERT_EQ(Put("facts", 1, 2, {facts2}).status, 201);
  ASSERT_EQ(Put("facts", 1, 0, {facts0}).status, 201);
  ASSERT_EQ(Put("facts", 1, 1, {facts1}).status, 201);
  sensor_.next_.runs.insert(sensor_.next_.runs.begin(), first);
  ASSERT_EQ(PutFacts(sensor_, 1, 3), 201);
  EXPECT_EQ(Row("SELECT last_number, forks FROM chains"), (std::vector<std::string>{"4", "0"}));
  EXPECT_EQ(Count("expected_items"), 1);
  EXPECT_EQ(Count("audit"), 1);
}

TEST_F(ChainRows, ABrokenLinkIsAFork) {
  ASSERT_EQ(PutFacts(sensor_, 1, 0), 201);
  ASSERT_EQ(PutFacts(sensor_, 1, 1), 201);
  EXPECT_EQ(Alarms("chain-forked"), 0);
  sensor_.next_.runs[0].before[0] ^= 1;
  ASSERT_EQ(PutFacts(sensor_, 1, 2), 201);
  EXPECT_EQ(Alarms("chain-forked"), 1);
  SigningSensor other(1, 9);
  other.next_.runs[0].before[0] ^= 1;  // a chain's beginning is given
  ASSERT_EQ(PutFacts(other, 1, 3), 201);
  EXPECT_EQ(Count("chains WHERE forks = 1"), 2);
}

TEST_F(ChainRows, DroppedItemsAreNoLongerExpected) {
  for (std::uint64_t i = 0; i < 5; ++i) sensor_.Made(ItemKind::kSegments, 1, i, "s");
  ASSERT_EQ(PutFacts(sensor_, 1, 0), 201);
  EXPECT_EQ(Count("expected_items"), 5);
  sensor_.next_.dropped = {{ItemKind::kSegments, 1, 1, 3, "spool-full"}};
  ASSERT_EQ(PutFacts(sensor_, 1, 1), 201);
  EXPECT_EQ(Count("expected_items"), 2);
  EXPECT_EQ(Row("SELECT kind, first_seq, last_seq, reason FROM dropped_items"),
            (std::vector<std::string>{"segments", "1", "3", "spool-full"}));
}

TEST_F(ChainRows, ALostSpoolIsTold) {
  ASSERT_EQ(PutFacts(sensor_, 1, 0), 201);
  SigningSensor anew(1, 2);
  ASSERT_EQ(PutFacts(anew, 2, 0), 201);
  EXPECT_EQ(Alarms("chain-restarted"), 1);
  EXPECT_EQ(Count("chains"), 2);
}

TEST_F(ChainRows, ManyAlteredItemsAreAllMarkedButToldSparsely) {
  for (std::uint64_t i = 0; i < 40; ++i) {
    ASSERT_EQ(Put("flows", 1, i, {FlowsBody(1, i)}).status, 201);
    sensor_.Made(ItemKind::kFlows, 1, i, "other");
  }
  ASSERT_EQ(PutFacts(sensor_, 1, 0), 201);
  EXPECT_EQ(Count("items WHERE verified = 2"), 40);
  EXPECT_EQ(Alarms("item-altered"), 16);
}

}  // namespace
}  // namespace tapiary::server::test
