#include "capture/ot/opcua/chunks.h"

#include <gtest/gtest.h>

#include <string>

#include "base/text.h"

namespace tapiary::capture::opcua {
namespace {

TEST(OpcuaChunks, JoinsByKey) {
  ChunkTable table;
  table.Add(1, base::AsBytes("ab"), false, 10);
  table.Add(2, base::AsBytes("xy"), false, 11);
  table.Add(1, base::AsBytes("cd"), false, 12);
  EXPECT_TRUE(table.Has(1));
  const Joined joined = table.Take(1);
  EXPECT_EQ(base::AsText(joined.bytes), "abcd");
  EXPECT_EQ(joined.chunks, 2u);
  EXPECT_EQ(joined.first_ns, 10);
  EXPECT_FALSE(joined.cut);
  EXPECT_FALSE(table.Has(1));
  EXPECT_TRUE(table.Take(1).bytes.empty());
}

TEST(OpcuaChunks, NothingIsGluedBehindACut) {
  ChunkTable table;
  table.Add(1, base::AsBytes("ab"), true, 10);
  table.Add(1, base::AsBytes("cd"), false, 12);
  const Joined joined = table.Take(1);
  EXPECT_EQ(base::AsText(joined.bytes), "ab");
  EXPECT_TRUE(joined.cut);
}

TEST(OpcuaChunks, OT13_MemoryIsBounded) {
  ChunkTable table;
  const std::string block(32 << 10, 'x');
  for (int i = 0; i < 10; ++i) table.Add(1, base::AsBytes(block), false, 1);
  EXPECT_EQ(table.Take(1).bytes.size(), ChunkTable::kMaxBytes);
  for (std::uint64_t key = 0; key < 100; ++key) table.Add(key, base::AsBytes("a"), false, 1);
  EXPECT_FALSE(table.Has(91));
  EXPECT_TRUE(table.Has(92));
}

}  // namespace
}  // namespace tapiary::capture::opcua
