#include "uplink/spool/evidence_log.h"

#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <set>
#include <tuple>

#include "base/file.h"
#include "tests/uplink/support/spool_fixture.h"

namespace tapiary::uplink {
namespace {

using Key = std::tuple<ItemKind, std::uint64_t, std::uint64_t>;

// What a collector would know after it took everything that the spool gave.
struct Received {
  std::map<Key, base::Sha256Digest> bodies;
  std::map<std::uint64_t, ChainItem> told;         // by number in the chain
  std::map<std::uint64_t, base::Sha256Digest> at;  // chain value at a number
  std::set<Key> dropped;
  std::set<std::uint64_t> chains;
  PublicKey key{};
};

void Note(Received& to, std::uint64_t number, const base::Sha256Digest& value) {
  const auto [at, added] = to.at.emplace(number, value);
  EXPECT_TRUE(added || at->second == value) << "forked at " << number;
}

void TakeEvidence(Received& to, const Item& item) {
  const auto batch = DecodeFacts(base::AsBytes(item.body));
  ASSERT_TRUE(batch) << batch.error().message;
  ASSERT_TRUE(batch->evidence);
  to.key = batch->evidence->key;
  EXPECT_TRUE(IsSignedBy(to.key, *batch));
  to.chains.insert(batch->evidence->chain);
  for (const ChainRun& run : batch->evidence->runs) {
    base::Sha256Digest value = run.before;
    std::uint64_t number = run.first - 1;
    Note(to, number, value);
    for (const ChainItem& one : run.items) {
      to.told[++number] = one;
      value = ChainNext(value, one.digest);
      Note(to, number, value);
    }
  }
  for (const DroppedItems& range : batch->evidence->dropped) {
    for (std::uint64_t seq = range.first_seq; seq <= range.last_seq; ++seq) {
      to.dropped.insert({range.kind, range.epoch, seq});
    }
  }
}

ItemKind KindOf(Kind kind) {
  return kind == Kind::kPackets ? ItemKind::kSegments
         : kind == Kind::kFlows ? ItemKind::kFlows
                                : ItemKind::kFacts;
}

void Take(Spool& spool, Received& to) {
  for (const Kind kind : {Kind::kFacts, Kind::kFlows, Kind::kPackets}) {
    while (const auto item = spool.Next(kind).value()) {
      to.bodies[{KindOf(kind), item->place.epoch, item->place.seq}] =
          base::Sha256Of(base::AsBytes(item->body));
      if (kind == Kind::kFacts) TakeEvidence(to, *item);
      ASSERT_TRUE(spool.Acknowledge(*item));
    }
  }
}

// Every item that came is told with its digest, except the last facts item; every item that is told
// came or is told as dropped; the numbers have no hole. How many were told.
std::size_t ExpectWhole(const Received& received) {
  std::map<Key, base::Sha256Digest> told;
  std::uint64_t number = 0;
  for (const auto& [at, item] : received.told) {
    EXPECT_EQ(at, ++number);
    const Key key{item.kind, item.epoch, item.seq};
    told[key] = item.digest;
    const auto body = received.bodies.find(key);
    if (body == received.bodies.end()) {
      EXPECT_TRUE(received.dropped.contains(key)) << item.epoch << "/" << item.seq;
    } else {
      EXPECT_EQ(body->second, item.digest) << item.epoch << "/" << item.seq;
    }
  }
  std::size_t untold = 0;
  for (const auto& [key, digest] : received.bodies) untold += told.contains(key) ? 0 : 1;
  EXPECT_EQ(untold, 1u);
  return told.size();
}

class EvidenceLogTest : public SpoolTest {
 protected:
  SpoolOptions Signed() {
    SpoolOptions options = Options();
    options.evidence = true;
    return options;
  }
  // Two streams, so that segments close in another order than they began.
  Round MixedRound(std::uint64_t number) {
    Round round;
    round.blocks = {MakeStoredBlock(0, number), MakeStoredBlock(256, number)};
    round.flows = {FlowsItem(3), FlowsItem(1, "s7comm")};
    if (number % 3 == 0) round.facts = {FactsItem("read"), FactsItem("write")};
    return round;
  }
};

TEST_F(EvidenceLogTest, ItemsOfAllKindsAreOneChain) {
  SpoolOptions options = Signed();
  options.segment_bytes = 700;  // of a few blocks
  auto spool = OpenSpool(options);
  Received received;
  for (std::uint64_t i = 0; i < 20; ++i) {
    now_ns_ += base::kNanosPerSecond;
    ASSERT_TRUE(spool->Write(MixedRound(i)));
    if (i % 4 == 0) Take(*spool, received);
  }
  Round last;
  last.close_segments = true;
  ASSERT_TRUE(spool->Write(last));
  Take(*spool, received);
  ASSERT_TRUE(spool->Close());
  EXPECT_GT(ExpectWhole(received), 60u);
  EXPECT_EQ(received.at[0], ChainBegin(received.key, spool->epoch()));
}

TEST_F(EvidenceLogTest, KilledAndRestartedTheChainGoesOnUnforked) {
  Received received;
  for (int run = 0; run < 4; ++run) {
    auto spool = OpenSpool(Signed());
    for (std::uint64_t i = 0; i < 5; ++i) ASSERT_TRUE(spool->Write(MixedRound(i)));
    if (run == 2) Take(*spool, received);
    now_ns_ += base::kNanosPerSecond;
    spool.reset();  // without Close: segments are still open, and what waits is not told
  }
  now_ns_ -= 3600 * base::kNanosPerSecond;  // a clock that goes back changes nothing
  auto spool = OpenSpool(Signed());
  Round last;
  last.close_segments = true;
  ASSERT_TRUE(spool->Write(last));
  Take(*spool, received);
  EXPECT_GT(ExpectWhole(received), 40u);
  EXPECT_EQ(received.chains.size(), 1u);
}

TEST_F(EvidenceLogTest, DroppedItemsAreNamed) {
  SpoolOptions options = Signed();
  options.max_bytes = 24 << 20;
  options.segment_bytes = 1 << 20;
  auto spool = OpenSpool(options);
  for (std::uint64_t i = 0; i < 60; ++i) {
    Round round;
    round.blocks = {BigBlock(i, 600 << 10)};
    round.facts = {FactsItem("read")};
    ASSERT_TRUE(spool->Write(round));
  }
  Round last;
  last.close_segments = true;
  ASSERT_TRUE(spool->Write(last));
  Received received;
  Take(*spool, received);
  EXPECT_GT(received.dropped.size(), 10u);
  ExpectWhole(received);
}

TEST_F(EvidenceLogTest, WhatDroppedFactsToldIsToldAgain) {
  auto spool = OpenSpool(Signed());
  Received received;
  for (std::uint64_t i = 0; i < 6; ++i) ASSERT_TRUE(spool->Write(MixedRound(i)));
  const auto first = spool->Next(Kind::kFacts).value();
  ASSERT_TRUE(first);
  capture::GapRecord gap;
  gap.kind = "facts";
  gap.reason = "quarantined";
  ASSERT_TRUE(spool->Quarantine(*first, gap));
  const auto second = spool->Next(Kind::kFacts).value();
  ASSERT_TRUE(second);
  ASSERT_TRUE(spool->Replace(*second, {FactsItem("half"), FactsItem("other half")}));
  Round last;
  last.close_segments = true;
  ASSERT_TRUE(spool->Write(last));
  Take(*spool, received);
  EXPECT_EQ(received.dropped.size(), 2u);
  ExpectWhole(received);
}

TEST_F(EvidenceLogTest, ManyItemsDoNotWaitForFacts) {
  auto spool = OpenSpool(Signed());
  Round round;
  round.flows.assign(100, FlowsItem(1));
  for (int i = 0; i < 6; ++i) ASSERT_TRUE(spool->Write(round));
  Received received;
  Take(*spool, received);
  EXPECT_GE(received.told.size(), 500u);
}

TEST_F(EvidenceLogTest, ALostStoreBeginsAnotherChain) {
  auto spool = OpenSpool(Signed());
  ASSERT_TRUE(spool->Write(MixedRound(0)));
  const std::uint64_t epoch = spool->epoch();
  ASSERT_TRUE(spool->Close());
  spool.reset();
  std::filesystem::remove(folder_.path() + "/spool/store/CURRENT");
  spool = OpenSpool(Signed());
  Received received;
  Take(*spool, received);
  ASSERT_EQ(received.chains.size(), 1u);
  EXPECT_GT(*received.chains.begin(), epoch);
  EXPECT_EQ(received.at[0], ChainBegin(received.key, spool->epoch()));
}

TEST_F(EvidenceLogTest, AnotherKeyBeginsAnotherChainWithWhatWaits) {
  auto spool = OpenSpool(Signed());
  Round round;
  round.flows = {FlowsItem(1)};
  ASSERT_TRUE(spool->Write(round));
  ASSERT_TRUE(spool->Write(round));
  spool.reset();
  const std::string path = folder_.path() + "/spool/evidence.key";
  std::ofstream(path) << "no key";
  spool = OpenSpool(Signed());
  EXPECT_TRUE(std::filesystem::exists(path + ".broken-" + std::to_string(spool->epoch())));
  Received received;
  Take(*spool, received);
  ASSERT_EQ(received.chains.size(), 1u);
  EXPECT_EQ(*received.chains.begin(), spool->epoch());
  EXPECT_EQ(received.told.size(), 2u);
  ExpectWhole(received);
}

TEST_F(EvidenceLogTest, WithoutItNothingIsSigned) {
  auto spool = OpenSpool(Options());
  ASSERT_TRUE(spool->Write(MixedRound(0)));
  const auto item = spool->Next(Kind::kFacts).value();
  ASSERT_TRUE(item);
  const auto batch = DecodeFacts(base::AsBytes(item->body));
  ASSERT_TRUE(batch);
  EXPECT_FALSE(batch->evidence);
  EXPECT_FALSE(std::filesystem::exists(folder_.path() + "/spool/evidence.key"));
}

}  // namespace
}  // namespace tapiary::uplink
