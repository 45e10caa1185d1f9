#include "capture/ot/pending.h"

#include <gtest/gtest.h>

namespace tapiary::capture {
namespace {

PendingTable::Entry EntryOf(std::uint64_t key, std::int64_t time_ns, std::int32_t code = 3) {
  PendingTable::Entry entry;
  entry.key = key;
  entry.loose_key = key & 0xffff;
  entry.request.time_ns = time_ns;
  entry.request.code = code;
  return entry;
}

TEST(PendingTable, OT02_OldestFirstWhenAKeyRepeats) {
  PendingTable table;
  (void)table.Add(EntryOf(1, 10, 3));
  (void)table.Add(EntryOf(2, 11, 4));
  (void)table.Add(EntryOf(1, 12, 5));
  EXPECT_EQ(table.Take(1)->code, 3);
  EXPECT_EQ(table.Take(1)->code, 5);
  EXPECT_FALSE(table.Take(1).has_value());
  EXPECT_EQ(table.Take(2)->code, 4);
  EXPECT_TRUE(table.empty());
}

TEST(PendingTable, LooseKeyIgnoresTheRest) {
  PendingTable table;
  (void)table.Add(EntryOf(0x50001, 10));
  EXPECT_FALSE(table.Take(0x60001).has_value());
  EXPECT_TRUE(table.TakeLoosely(1).has_value());
}

TEST(PendingTable, OT13_OldestMakesRoom) {
  PendingTable table;
  std::uint64_t handed_back = 0;
  for (std::uint64_t i = 0; i < 100000; ++i) {
    const auto oldest = table.Add(EntryOf(i, static_cast<std::int64_t>(i)));
    if (!oldest) continue;
    ASSERT_EQ(oldest->time_ns, static_cast<std::int64_t>(handed_back++));
  }
  EXPECT_EQ(handed_back, 100000 - PendingTable::kMaxPending);
}

TEST(PendingTable, ExpiresAfterItsTime) {
  PendingTable table;
  EXPECT_EQ(table.next_due_ns(), INT64_MAX);
  (void)table.Add(EntryOf(1, 10));
  EXPECT_EQ(table.next_due_ns(), 10 + PendingTable::kReplyTimeoutNs);
  EXPECT_FALSE(table.TakeExpired(10 + PendingTable::kReplyTimeoutNs).has_value());
  EXPECT_EQ(table.TakeExpired(11 + PendingTable::kReplyTimeoutNs)->key, 1u);
}

TEST(RecentKeys, RemembersTheLastFew) {
  RecentKeys keys;
  EXPECT_FALSE(keys.Has(0));
  for (std::uint64_t i = 0; i < 20; ++i) keys.Add(i);
  EXPECT_FALSE(keys.Has(3));
  EXPECT_TRUE(keys.Has(19));
  EXPECT_TRUE(keys.Take(19));
  EXPECT_FALSE(keys.Take(19));
}

}  // namespace
}  // namespace tapiary::capture
