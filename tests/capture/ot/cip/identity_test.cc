#include "capture/ot/cip/identity.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/cip/decode_support.h"

namespace tapiary::capture::cip {
namespace {

TEST(CipIdentity, NamesStayBytes) {
  const std::vector<std::uint8_t> bytes =
      test::Hex("2f00 0e00 3600 0102 0000 01000000 03 41ff00 05");
  base::ByteCursor cursor(bytes);
  Transaction out;
  IdentityDetails(TakeIdentity(cursor), out);
  EXPECT_EQ(test::Get(out, "product_name"), std::string("A\xff\0", 3));
  EXPECT_EQ(test::Get(out, "vendor_name"), "omron");
  EXPECT_EQ(cursor.remaining(), 1u);
  EXPECT_EQ(VendorName(9999), "");
}

TEST(CipIdentity, OT07_ANameLongerThanTheItemIsNamed) {
  const std::vector<std::uint8_t> bytes = test::Hex("0100 0e00 3600 0102 0000 01000000 ff 4142");
  base::ByteCursor cursor(bytes);
  Transaction out;
  IdentityDetails(TakeIdentity(cursor), out);
  EXPECT_EQ(test::Get(out, "product_name"), "AB");
  EXPECT_TRUE(test::Flagged(out, "cip-identity"));
  base::ByteCursor short_cursor(base::Bytes(bytes).first(5));
  EXPECT_TRUE(TakeIdentity(short_cursor).bad);
}

}  // namespace
}  // namespace tapiary::capture::cip
