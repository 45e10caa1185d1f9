#include "capture/flow/fragments.h"

#include <gtest/gtest.h>

namespace tapiary::capture {
namespace {

FlowKey KeyOf(std::uint16_t id) {
  FlowKey key;
  key.kind = KeyKind::kFragment;
  key.high_port = id;
  return key;
}

FragmentEntry EntryOf(std::uint16_t id, std::int64_t time_ns) {
  FragmentEntry entry;
  entry.key = KeyOf(id);
  entry.flow = id;
  entry.time_ns = time_ns;
  return entry;
}

TEST(FragmentTable, FL05_FindsForThirtySeconds) {
  FragmentTable table;
  table.Put(EntryOf(7, 1000), 99);
  ASSERT_NE(table.Find(KeyOf(7), 99, 2000), nullptr);
  EXPECT_EQ(table.Find(KeyOf(7), 99, 2000)->flow, 7u);
  EXPECT_EQ(table.Find(KeyOf(8), 99, 2000), nullptr);
  EXPECT_NE(table.Find(KeyOf(7), 99, 1000 + kFragmentTimeoutNs), nullptr);
  EXPECT_EQ(table.Find(KeyOf(7), 99, 1001 + kFragmentTimeoutNs), nullptr);
}

TEST(FragmentTable, FL05_IsBoundedAndForgetsTheOldest) {
  FragmentTable table;
  for (std::uint16_t id = 0; id < 5; ++id) table.Put(EntryOf(id, id), 3);
  EXPECT_EQ(table.Find(KeyOf(0), 3, 10), nullptr);
  for (std::uint16_t id = 1; id < 5; ++id) EXPECT_NE(table.Find(KeyOf(id), 3, 10), nullptr);
}

TEST(FragmentStash, HandsOutByOffsetOnceAndKeepsOthers) {
  FragmentStash stash;
  const std::vector<std::uint8_t> bytes = {1, 2, 3};
  Decoded fragment;
  fragment.payload = bytes;
  fragment.payload_length = 3;
  fragment.fragment_offset = 16;
  stash.Put(KeyOf(1), fragment, 5);
  fragment.fragment_offset = 8;
  stash.Put(KeyOf(1), fragment, 6);
  stash.Put(KeyOf(2), fragment, 7);
  std::vector<FragmentStash::Piece> pieces;
  stash.Take(KeyOf(1), pieces);
  ASSERT_EQ(pieces.size(), 2u);
  EXPECT_EQ(pieces[0].offset, 8);
  EXPECT_EQ(pieces[1].bytes, bytes);
  pieces.clear();
  stash.Take(KeyOf(1), pieces);
  EXPECT_TRUE(pieces.empty());
  stash.Take(KeyOf(2), pieces);
  EXPECT_EQ(pieces.size(), 1u);
}

}  // namespace
}  // namespace tapiary::capture
