#include "capture/ot/cip/attributes.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/cip/decode_support.h"

namespace tapiary::capture::cip {
namespace {

using test::Exchange;
using test::Flagged;
using test::Get;
using test::Request;
using test::Text;

TEST(CipAttributes, AttributesThatMatterAreNamed) {
  const Transaction ip = Request(
      "10 03 20 f5 24 01 30 05 780aa8c0 00ffffff 010aa8c0 00000000 00000000 0400" + Text("home"));
  EXPECT_EQ(Get(ip, "ip"), "192.168.10.120");
  EXPECT_EQ(Get(ip, "gateway"), "192.168.10.1");
  EXPECT_EQ(Get(ip, "domain"), "home");
  const Transaction clock = Request("04 02 20 8b 24 01 0100 0600 c0587222085a0400");
  EXPECT_EQ(Get(clock, "time_us"), "1224890891000000");
  EXPECT_EQ(Get(clock, "attribute"), "6");
  const Transaction identity =
      Exchange("01 02 20 01 24 01", "81 00 00 00" + capture::test::IdentityData());
  EXPECT_EQ(Get(identity, "product_name"), "LOGIX5561/A");
  EXPECT_EQ(Get(identity, "revision"), "16.20");
  EXPECT_EQ(Get(identity, "serial"), "0x0051823f");
  EXPECT_EQ(Exchange("0e 03 20 04 24 65 30 03", "8e 00 00 00 2a00").values,
            std::vector<std::int64_t>{42});
}

TEST(CipAttributes, ListsAreNamedAndCounted) {
  EXPECT_EQ(Get(Request("03 02 20 ac 24 01 0300 0100 0200 0a00"), "attributes"), "1 2 10");
  EXPECT_TRUE(Flagged(Request("03 02 20 ac 24 01 ff00 0100"), "cip-count-mismatch"));
  EXPECT_EQ(Exchange("03 02 20 01 24 01 0100 0500", "83 00 00 00 0100 0500 0000 6030").values,
            std::vector<std::int64_t>{0x3060});
}

}  // namespace
}  // namespace tapiary::capture::cip
