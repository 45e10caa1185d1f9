#include "capture/ot/cip/detail.h"

#include <gtest/gtest.h>

namespace tapiary::capture::cip {
namespace {

TEST(CipDetail, TextsAreCut) {
  Transaction out;
  AddDetail(out, "text", std::string(1000, 'x'));
  AddHex(out, "data", std::vector<std::uint8_t>(1000, 0xaa));
  AddHex(out, "none", {});
  EXPECT_EQ(FindDetail(out, "text")->size(), kMaxDetailBytes);
  EXPECT_EQ(FindDetail(out, "data")->size(), kMaxDetailBytes);
  EXPECT_EQ(FindNumber(out, "data_bytes"), 1000u);
  EXPECT_EQ(FindDetail(out, "none"), nullptr);
}

TEST(CipDetail, TheTargetIsReadBack) {
  Transaction out;
  EXPECT_FALSE(TargetOf(out).class_id.has_value());
  AddNumber(out, "class", 0x8b);
  EXPECT_EQ(TargetOf(out).class_id, 0x8bu);
  AddDetail(out, "tag", "");
  EXPECT_TRUE(TargetOf(out).tag);
  AddDetail(out, "other", "12x");
  EXPECT_FALSE(FindNumber(out, "other").has_value());
  AddAnomaly(out, "a");
  AddAnomaly(out, "a");
  EXPECT_EQ(out.anomalies.size(), 1u);
}

}  // namespace
}  // namespace tapiary::capture::cip
