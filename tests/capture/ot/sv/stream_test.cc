#include "capture/ot/sv/stream.h"

#include <gtest/gtest.h>

namespace tapiary::capture::sv {
namespace {

TEST(SvStream, EventsOfOneStream) {
  SvStream stream(1, {});
  std::vector<std::string_view> names;
  Asdu asdu;
  asdu.smp_cnt = 65535;
  EXPECT_EQ(stream.OnAsdu(asdu, false, 5, names), Event::kFirst);
  asdu.smp_cnt = 0;
  EXPECT_EQ(stream.OnAsdu(asdu, false, 6, names), Event::kNone);
  EXPECT_EQ(stream.interval.missing, 0u);
  EXPECT_EQ(stream.last_ns, 6);
  asdu.smp_synch = 1;
  asdu.smp_cnt = 1;
  EXPECT_EQ(stream.OnAsdu(asdu, false, 7, names), Event::kConfiguration);
  EXPECT_TRUE(names.empty());  // synchronised now: a change, no anomaly
  EXPECT_TRUE(stream.Is(1, {}));
  EXPECT_FALSE(stream.Is(2, {}));
}

}  // namespace
}  // namespace tapiary::capture::sv
