// What of the ring needs no socket: its plan, and counters that restart at every read.
#include "capture/source/rx_ring.h"

#include <gtest/gtest.h>

namespace tapiary::capture::test {
namespace {

TEST(RxRing, CAP07_BlocksAreWholePages) {
  for (const std::size_t page : {4096u, 16'384u, 65'536u}) {
    const RingSize size = PlanRing(10'000'000, 100'000, 65'535, page);
    EXPECT_EQ(size.block_bytes % page, 0u);
    EXPECT_GE(size.block_bytes, 100'000u);
    EXPECT_EQ(size.block_count, 10'000'000 / size.block_bytes);
  }
}

TEST(RxRing, ALargestFrameFitsAndSenselessSizesAreBounded) {
  EXPECT_GE(PlanRing(1 << 20, 4096, 262'144, 4096).block_bytes, 262'144u + 256);
  EXPECT_EQ(PlanRing(0, 1 << 20, 65'535, 4096).block_count, kMinRingBlocks);
  EXPECT_EQ(PlanRing(-5, -5, 64, 4096).block_count, kMinRingBlocks);
  const RingSize huge = PlanRing(INT64_MAX, INT64_MAX, 65'535, 4096);
  EXPECT_LE(huge.block_bytes, 64u << 20);
  EXPECT_LE(huge.block_bytes * huge.block_count, 1u << 30);
}

TEST(RxRing, CAP08_TotalsAddUp) {
  KernelTotals totals;
  totals.Add(10, 3);
  totals.Add(0, 0);
  totals.Add(4'294'967'295u, 0);
  EXPECT_EQ(totals.seen, 4'294'967'305u);
  EXPECT_EQ(totals.dropped, 3u);
}

}  // namespace
}  // namespace tapiary::capture::test
