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
    ASSERT_EQ(oldest->key, handed_back);
    ASSERT_EQ(oldest->request.time_ns, static_cast<std::int64_t>(handed_back++));
    ASSERT_LT(table.held_bytes(), 100'000u);
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

TEST(PendingTable, OT13_WhatWaitsIsSmallAndGivenBack) {
  PendingTable table;
  for (std::uint64_t i = 0; i < 200; ++i) {
    PendingTable::Entry entry = EntryOf(i, static_cast<std::int64_t>(i));
    entry.request.operation = "write_multiple_registers";
    entry.request.values.assign(10, 1000);
    (void)table.Add(std::move(entry));
  }
  EXPECT_LT(table.held_bytes(), 200 * 200u);
  // Newest, oldest and one of the middle, packed or not: each comes back whole.
  for (const std::uint64_t key : {199u, 0u, 100u}) {
    const std::optional<Transaction> request = table.Take(key);
    ASSERT_TRUE(request.has_value());
    EXPECT_EQ(request->time_ns, static_cast<std::int64_t>(key));
    EXPECT_EQ(request->operation, "write_multiple_registers");
    EXPECT_EQ(request->values.size(), 10u);
  }
  (void)table.Add(EntryOf(500, 500));
  std::size_t left = 0;
  while (table.TakeOldest()) ++left;
  EXPECT_EQ(left, 198u);
  EXPECT_TRUE(table.empty());
  EXPECT_LT(table.held_bytes(), 1000u);
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
