#include "capture/ot/cip/tags.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/cip/decode_support.h"

namespace tapiary::capture::cip {
namespace {

using test::Exchange;
using test::Flagged;
using test::Get;
using test::kTagPath;
using test::Request;

TEST(CipTags, WriteTagHasItsValues) {
  const Transaction dint = Request("4d" + kTagPath + "c400 0200 fbffffff 07000000");
  EXPECT_EQ(dint.operation, "write_tag");
  EXPECT_EQ(Get(dint, "tag"), "speed");
  EXPECT_EQ(dint.quantity, 2u);
  EXPECT_EQ(dint.values, (std::vector<std::int64_t>{-5, 7}));
  EXPECT_TRUE(dint.command);
  EXPECT_EQ(dint.attack_technique, "T0855");
  EXPECT_TRUE(dint.anomalies.empty());
  EXPECT_EQ(Get(Request("4d" + kTagPath + "ca00 0100 0000c03f"), "reals"), "1.5");
  EXPECT_TRUE(Flagged(Request("4d" + kTagPath + "c400 0900 01000000"), "cip-count-mismatch"));
  const Transaction part = Request("53" + kTagPath + "c300 0400 06000000 0100 0200");
  EXPECT_EQ(Get(part, "offset"), "6");
  EXPECT_EQ(part.values, (std::vector<std::int64_t>{1, 2}));
  const Transaction mask = Request("4e" + kTagPath + "0400 01000000 feffffff");
  EXPECT_EQ(Get(mask, "or_mask"), "01000000");
  EXPECT_EQ(Get(mask, "and_mask"), "feffffff");
  EXPECT_TRUE(mask.command);
}

TEST(CipTags, ReadTagHasTheValuesRead) {
  const Transaction read = Exchange("4c" + kTagPath + "0200", "cc 00 00 00 c300 0100 ffff");
  EXPECT_EQ(read.values, (std::vector<std::int64_t>{1, -1}));
  EXPECT_FALSE(read.command);
  const Transaction more = Exchange("4c" + kTagPath + "0200", "cc 00 06 00 c300 0100");
  EXPECT_EQ(more.status, TransactionStatus::kOk);  // partial transfer
  EXPECT_EQ(Get(more, "status_name"), "partial_transfer");
  const Transaction structure =
      Exchange("4c" + kTagPath + "0100", "cc 00 00 00 a002 ce0f 03000000 414243");
  EXPECT_EQ(Get(structure, "struct_handle"), "4046");
  const Transaction tags = Exchange("55 03 20 6b 25 00 0000 0200 0100 0200",
                                    "d5 00 00 00 01000000 0200 4142 c400 02000000 0100 43 c100");
  EXPECT_EQ(Get(tags, "tags"), "AB C");
  EXPECT_EQ(tags.quantity, 2u);
  EXPECT_EQ(tags.attack_technique, "T0861");
}

}  // namespace
}  // namespace tapiary::capture::cip
