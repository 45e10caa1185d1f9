#include "capture/ot/names.h"

#include <gtest/gtest.h>

namespace tapiary::capture {
namespace {

constexpr CodeName kNames[] = {{1, "one"}, {3, "three"}, {0xffff, "last"}};

TEST(OtNames, OfKnownCodesOnly) {
  EXPECT_EQ(NameOf(kNames, 1), "one");
  EXPECT_EQ(NameOf(kNames, 3), "three");
  EXPECT_EQ(NameOf(kNames, 0xffff), "last");
  for (const int code : {0, 2, 4, 0xfffe}) {
    EXPECT_EQ(NameOf(kNames, static_cast<std::uint16_t>(code)), "") << code;
  }
  EXPECT_EQ(NameOf({}, 1), "");
}

}  // namespace
}  // namespace tapiary::capture
