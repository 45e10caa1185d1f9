#include "capture/ot/cip/status.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/cip/decode_support.h"

namespace tapiary::capture::cip {
namespace {

using test::Exchange;
using test::Flagged;
using test::Get;

TEST(CipStatus, ExceptionsTellWhy) {
  const Transaction refused = Exchange("10 03 20 01 24 01 30 09 01", "90 00 05 01 0100");
  EXPECT_EQ(refused.status, TransactionStatus::kException);
  EXPECT_EQ(refused.exception, 5u);
  EXPECT_EQ(Get(refused, "status_name"), "path_destination_unknown");
  EXPECT_EQ(Get(refused, "extended_status"), "0x0001");
  const Transaction open =
      Exchange(capture::test::ForwardOpen(1, 2), "d4 00 01 01 0601 0100 4d00 f32b9532");
  EXPECT_EQ(Get(open, "extended_status_name"), "ownership_conflict");
  EXPECT_TRUE(Flagged(Exchange("0e 02 20 01 24 01", "81 00 00 00"), "cip-service-mismatch"));
  // The router answers for what it could not deliver.
  const Transaction router = Exchange("0e 02 20 01 24 01", "d2 00 01 01 0402 02");
  EXPECT_FALSE(Flagged(router, "cip-service-mismatch"));
  EXPECT_EQ(Get(router, "extended_status_name"), "unconnected_request_timed_out");
}

TEST(CipStatus, ReservedCodesHaveNoName) {
  EXPECT_EQ(StatusName(0x2d), "instance_not_deletable");
  EXPECT_EQ(StatusName(0x2e), "");
  EXPECT_EQ(StatusName(0xd0), "object_class_specific_error");
  EXPECT_EQ(StatusName(0xff), "general_error");
  EXPECT_EQ(ConnectionStatusName(0x9999), "");
}

}  // namespace
}  // namespace tapiary::capture::cip
