#include "capture/ot/cip/pccc.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/cip/decode_support.h"

namespace tapiary::capture::cip {
namespace {

using test::Exchange;
using test::Flagged;
using test::Get;
using test::Request;

TEST(CipPccc, PcccAddressesAndErrors) {
  const std::string front = "4b 02 20 67 24 01 07 4d00 00000000 0f 00 0100 ";
  const Transaction write = Request(front + "aa 04 07 89 03 00 0100 feff");
  EXPECT_EQ(Get(write, "pccc_address"), "N7:3");
  EXPECT_EQ(Get(write, "pccc_operation"), "protected_typed_logical_write_3");
  EXPECT_EQ(write.values, (std::vector<std::int64_t>{1, -2}));
  EXPECT_TRUE(write.command);
  const Transaction timer = Request(front + "a2 02 04 86 ff0001 02");
  EXPECT_EQ(Get(timer, "pccc_address"), "T4:256.2");
  const Transaction refused =
      Exchange(front + "80 01", "cb 00 00 00 07 4d00 00000000 4f f0 0100 0b");
  EXPECT_EQ(refused.status, TransactionStatus::kException);
  EXPECT_EQ(Get(refused, "pccc_status"), "240");
  EXPECT_EQ(Get(refused, "pccc_extended_status"), "11");
  EXPECT_TRUE(Flagged(Request("4b 02 20 67 24 01 00"), "cip-pccc-length"));
}

}  // namespace
}  // namespace tapiary::capture::cip
