#include <gtest/gtest.h>

#include "base/clock.h"
#include "server/ingest/event_fields.h"

namespace tapiary::server {
namespace {

std::string Time(std::string_view text) {
  const auto time = ParseEventTime(text);
  return time ? base::FormatTime(*time) : "none";
}

TEST(EventTime, TimesOfAllServices) {
  EXPECT_EQ(Time("2026-11-25T12:00:00.123456Z"), "2026-11-25T12:00:00.123456000Z");
  EXPECT_EQ(Time("2026-11-25T12:00:00.123456+0200"), "2026-11-25T10:00:00.123456000Z");
  EXPECT_EQ(Time("2026-11-25T12:00:00-01:30"), "2026-11-25T13:30:00.000000000Z");
  EXPECT_EQ(Time("2026-11-25 12:00:00.123456"), "2026-11-25T12:00:00.123456000Z");
  for (const char* bad : {"", "yesterday", "2026-11-25", "2026-13-25T12:00:00Z", "1700000000"}) {
    EXPECT_EQ(Time(bad), "none") << bad;
  }
}

}  // namespace
}  // namespace tapiary::server
