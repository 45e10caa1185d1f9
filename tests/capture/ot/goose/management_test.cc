#include "capture/ot/goose/management.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/layer2/collector.h"

namespace tapiary::capture::goose {
namespace {

using test::Detail;

Management Read(const std::string& apdu, std::vector<std::uint8_t>& bytes) {
  bytes = test::Hex(test::AppFrame("0001", apdu));
  layer2::AppFrame frame;
  EXPECT_TRUE(layer2::ReadAppFrame(bytes, false, frame));
  return ReadManagement(frame);
}

TEST(GooseManagement, Refusals) {
  std::vector<std::uint8_t> bytes;
  const Management unsupported = Read("6007 800101 a202 8000", bytes);
  EXPECT_TRUE(unsupported.valid);
  Transaction out;
  DecodeManagementResponse(unsupported, out);
  EXPECT_EQ(out.status, TransactionStatus::kException);
  EXPECT_EQ(out.operation, "gse_management_not_supported");
  const Management negative = Read("600a 800101 a205 a203 830102", bytes);
  Transaction refused;
  DecodeManagementResponse(negative, refused);
  EXPECT_EQ(refused.status, TransactionStatus::kException);
  EXPECT_EQ(refused.exception, 2u);
}

TEST(GooseManagement, ElementNumbers) {
  std::vector<std::uint8_t> bytes;
  const Management ask = Read("6012 800109 a10d a20b 800141 a106 1a0178 1a0179", bytes);
  ASSERT_TRUE(ask.valid);
  EXPECT_FALSE(ask.response);
  Transaction out;
  DecodeManagementRequest(ask, out);
  EXPECT_EQ(out.operation, "get_goose_element_number");
  EXPECT_EQ(Detail(out, "reference"), "A");
  EXPECT_EQ(Detail(out, "asked"), "x, y");
  EXPECT_EQ(out.quantity, 2u);
}

TEST(GooseManagement, NotIt) {
  std::vector<std::uint8_t> bytes;
  for (const char* const apdu : {"61 00", "60 00", "6003 800101", "6005 800101 a300",
                                 "6005 800101 a100", "6007 800101 a102 8900"}) {
    EXPECT_FALSE(Read(apdu, bytes).valid) << apdu;
  }
}

}  // namespace
}  // namespace tapiary::capture::goose
