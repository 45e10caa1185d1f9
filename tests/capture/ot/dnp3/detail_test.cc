#include "capture/ot/dnp3/detail.h"

#include <gtest/gtest.h>

namespace tapiary::capture::dnp3 {
namespace {

TEST(Dnp3Detail, BoundedAndUnique) {
  Transaction out;
  AddDetail(out, "a", std::string(5000, 'x'));
  AddDetail(out, "a", "again");
  AddNumber(out, "n", 7);
  ASSERT_EQ(out.detail.size(), 2u);
  EXPECT_EQ(out.detail[0].second.size(), 512u);
  EXPECT_EQ(out.detail[1].second, "7");
  const std::vector<std::uint8_t> bytes(1000, 'y');
  AddBytes(out, "b", bytes);
  AddBytes(out, "none", {});
  ASSERT_EQ(out.detail.size(), 3u);
  EXPECT_EQ(out.detail[2].second.size(), 256u);
  AddAnomaly(out, "one");
  AddAnomaly(out, "one");
  EXPECT_EQ(out.anomalies.size(), 1u);
}

TEST(Dnp3Detail, WordListEndsWithDots) {
  WordList words(16);
  words.Add("one");
  words.Add("two");
  words.Add("three");
  words.Add("x");
  EXPECT_TRUE(words.full());
  EXPECT_EQ(words.text(), "one two ...");
}

}  // namespace
}  // namespace tapiary::capture::dnp3
