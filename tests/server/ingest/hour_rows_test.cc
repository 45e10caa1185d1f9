#include "server/ingest/hour_rows.h"
#include "base/clock.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

// What the rows are good for: tests/server/evidence/completeness_test.cc.
TEST(HourRows, HoursBeginAlsoBefore1970) {
  EXPECT_EQ(HourOf(0), 0);
  EXPECT_EQ(HourOf(base::kNanosPerHour - 1), 0);
  EXPECT_EQ(HourOf(base::kNanosPerHour), base::kNanosPerHour);
  EXPECT_EQ(HourOf(-1), -base::kNanosPerHour);
  EXPECT_EQ(HourOf(-base::kNanosPerHour), -base::kNanosPerHour);
  EXPECT_EQ(HourOf(-base::kNanosPerHour - 1), -2 * base::kNanosPerHour);
  EXPECT_LE(HourOf(INT64_MAX), INT64_MAX);
  EXPECT_EQ(HourOf(INT64_MIN) % base::kNanosPerHour, 0);
}

}  // namespace
}  // namespace tapiary::server
