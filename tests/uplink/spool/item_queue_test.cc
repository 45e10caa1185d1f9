#include "uplink/spool/item_queue.h"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/uplink/support/spool_fixture.h"

namespace tapiary::uplink {
namespace {

class ItemQueueTest : public SpoolTest {};

double NextMillis(Spool& spool, Kind kind) {
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_TRUE(spool.Next(kind));
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  return took.count();
}

TEST_F(ItemQueueTest, SP01_NextStaysFastAfterAMillionItems) {
  constexpr int kItems = 1'000'000;
  constexpr int kPerRound = 5000;
  auto spool = OpenSpool(Options());
  const Encode small = [](std::uint64_t, std::uint64_t seq, const Seal*) {
    return "item " + std::to_string(seq);
  };
  Round round;
  round.flows.assign(kPerRound, small);
  double first_ms = -1;
  for (int done = 0; done < kItems; done += kPerRound) {
    ASSERT_TRUE(spool->Write(round));
    if (first_ms < 0) first_ms = NextMillis(*spool, Kind::kFlows);
    for (int i = 0; i < kPerRound; ++i) {
      const auto item = spool->Next(Kind::kFlows).value();
      ASSERT_TRUE(item);
      ASSERT_TRUE(spool->Acknowledge(*item));
    }
  }
  EXPECT_FALSE(spool->Has(Kind::kFlows));
  round.flows = {small};
  ASSERT_TRUE(spool->Write(round));
  EXPECT_LT(NextMillis(*spool, Kind::kFlows), 5);
  EXPECT_EQ(spool->Next(Kind::kFlows).value()->place.seq, std::uint64_t{kItems});
  ASSERT_TRUE(spool->Close());
  spool.reset();
  spool = OpenSpool(Options());
  EXPECT_LT(NextMillis(*spool, Kind::kFlows), 5);
  EXPECT_EQ(spool->Next(Kind::kFlows).value()->place.seq, std::uint64_t{kItems});
  std::printf("first next %.3f ms, last %.3f ms\n", first_ms, NextMillis(*spool, Kind::kFlows));
}

}  // namespace
}  // namespace tapiary::uplink
