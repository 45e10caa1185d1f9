#include "capture/loss_gaps.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace tapiary::capture {
namespace {

constexpr std::int64_t kSecond = base::kNanosPerSecond;
using Lost = std::vector<std::pair<std::string, std::uint64_t>>;

TEST(LossGaps, ALossIsOneGapOnceItIsOver) {
  LossGaps gaps;
  std::vector<GapRecord> out;
  gaps.Update({}, "eth1", 100 * kSecond, false, out);
  gaps.Update({{"kernel-ring", 5}}, "eth1", 101 * kSecond, false, out);
  gaps.Update({{"kernel-ring", 9}}, "eth1", 101 * kSecond + kSecond / 2, false, out);
  EXPECT_TRUE(out.empty());
  gaps.Update({{"kernel-ring", 9}}, "eth1", 103 * kSecond, false, out);
  ASSERT_EQ(out.size(), 1u);
  EXPECT_EQ(out[0].items, 9u);
  EXPECT_EQ(out[0].reason, "kernel-ring");
  EXPECT_EQ(out[0].interface, "eth1");
  EXPECT_EQ(out[0].from_ns, 100 * kSecond);  // since the update that saw none
  EXPECT_EQ(out[0].to_ns, 101 * kSecond + kSecond / 2);
  gaps.Update({{"kernel-ring", 9}}, "eth1", 104 * kSecond, true, out);
  EXPECT_EQ(out.size(), 1u);  // told once
}

TEST(LossGaps, ALongLossIsToldWhileItLasts) {
  LossGaps gaps;
  std::vector<GapRecord> out;
  std::uint64_t told = 0;
  for (std::int64_t i = 0; i <= 250; ++i) {
    gaps.Update({{"storage-backlog", static_cast<std::uint64_t>(i)}}, "", i * kSecond / 10,
                i == 250, out);
  }
  for (const GapRecord& gap : out) told += gap.items;
  EXPECT_EQ(told, 250u);
  EXPECT_EQ(out.size(), 3u);
}

TEST(LossGaps, ReasonsAreKeptApart) {
  LossGaps gaps;
  std::vector<GapRecord> out;
  gaps.Update({{"nic", 1}, {"shutdown", 2}}, "", kSecond, true, out);
  ASSERT_EQ(out.size(), 2u);
  EXPECT_EQ(out[0].items + out[1].items, 3u);
  EXPECT_NE(out[0].reason, out[1].reason);
}

}  // namespace
}  // namespace tapiary::capture
