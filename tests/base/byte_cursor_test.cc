#include "base/byte_cursor.h"

#include <gtest/gtest.h>

#include <array>

namespace tapiary::base {
namespace {

constexpr std::array<std::uint8_t, 9> kBytes = {1, 2, 3, 4, 5, 6, 7, 8, 9};

TEST(ByteCursor, ReadsBothByteOrders) {
  EXPECT_EQ(ByteCursor(kBytes).U8(), 0x01);
  EXPECT_EQ(ByteCursor(kBytes).U16Be(), 0x0102);
  EXPECT_EQ(ByteCursor(kBytes).U24Be(), 0x010203u);
  EXPECT_EQ(ByteCursor(kBytes).U32Be(), 0x01020304u);
  EXPECT_EQ(ByteCursor(kBytes).U64Be(), 0x0102030405060708u);
  EXPECT_EQ(ByteCursor(kBytes).U16Le(), 0x0201);
  EXPECT_EQ(ByteCursor(kBytes).U32Le(), 0x04030201u);
  EXPECT_EQ(ByteCursor(kBytes).U64Le(), 0x0807060504030201u);
  EXPECT_EQ(ByteCursor(kBytes).U32(true), 0x01020304u);
  EXPECT_EQ(ByteCursor(kBytes).U32(false), 0x04030201u);
}

TEST(ByteCursor, ReadPastTheEndIsZeroAndStaysFailed) {
  ByteCursor cursor(kBytes);
  cursor.Skip(8);
  EXPECT_FALSE(cursor.failed());
  EXPECT_EQ(cursor.U16Be(), 0);
  EXPECT_TRUE(cursor.failed());
  EXPECT_EQ(cursor.remaining(), 0u);
  EXPECT_EQ(cursor.U8(), 0);
  EXPECT_TRUE(cursor.failed());
}

TEST(ByteCursor, TakeEndsExactlyAtTheEnd) {
  ByteCursor cursor(kBytes);
  EXPECT_EQ(cursor.Take(9).size(), 9u);
  EXPECT_FALSE(cursor.failed());
  EXPECT_EQ(cursor.Take(0).size(), 0u);
  EXPECT_FALSE(cursor.failed());
  EXPECT_TRUE(cursor.Take(1).empty());
  EXPECT_TRUE(cursor.failed());
}

TEST(ByteCursor, HugeSizesDoNotWrapAround) {
  ByteCursor cursor(kBytes);
  cursor.Skip(4);
  EXPECT_TRUE(cursor.Take(SIZE_MAX).empty());
  EXPECT_TRUE(cursor.failed());
}

TEST(ByteCursor, CopyLooksAhead) {
  ByteCursor cursor(kBytes);
  ByteCursor ahead = cursor;
  EXPECT_EQ(ahead.U32Be(), 0x01020304u);
  EXPECT_EQ(cursor.offset(), 0u);
  EXPECT_EQ(ahead.rest().size(), 5u);
}

}  // namespace
}  // namespace tapiary::base
