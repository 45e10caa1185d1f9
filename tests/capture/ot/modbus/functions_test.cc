#include "capture/ot/modbus/functions.h"

#include <gtest/gtest.h>

#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::modbus {
namespace {

using test::Hex;

Shape Request(const char* hex) {
  const auto bytes = Hex(hex);
  return RequestShape(bytes, bytes.size());
}
Shape Response(const char* hex) {
  const auto bytes = Hex(hex);
  return ResponseShape(bytes, bytes.size());
}

TEST(ModbusFunctions, RequestShapes) {
  EXPECT_EQ(Request("0300000002"), Shape::kFits);
  EXPECT_EQ(Request("030000000200"), Shape::kDiffers);
  EXPECT_EQ(Request("1000000002040001 0002"), Shape::kFits);
  EXPECT_EQ(Request("1000000002060001 0002"), Shape::kDiffers);
  EXPECT_EQ(Request("11"), Shape::kFits);
  EXPECT_EQ(Request("2b0e0100"), Shape::kFits);
  EXPECT_EQ(Request("8302"), Shape::kDiffers);
  EXPECT_EQ(Request("4201"), Shape::kFree);  // not in the standard
}

TEST(ModbusFunctions, ResponseShapes) {
  EXPECT_EQ(Response("030400010002"), Shape::kFits);
  EXPECT_EQ(Response("030500010002"), Shape::kDiffers);
  EXPECT_EQ(Response("8302"), Shape::kFits);
  EXPECT_EQ(Response("830200"), Shape::kFree);  // over-long, accepted
  EXPECT_EQ(Response("8302000000"), Shape::kDiffers);
  EXPECT_EQ(Response("18000600020001 0002"), Shape::kFits);
}

TEST(ModbusFunctions, AsksForMoreWhereTheCountIsNotThereYet) {
  const auto begin = Hex("1000000002");
  EXPECT_EQ(RequestShape(begin, 10), Shape::kMore);
  EXPECT_EQ(RequestShape({}, 10), Shape::kMore);
}

TEST(ModbusFunctions, NamesAreTheStandards) {
  EXPECT_EQ(OperationName(3), "read_holding_registers");
  EXPECT_EQ(OperationName(23), "read_write_multiple_registers");
  EXPECT_EQ(OperationName(99), "unknown_function");
  EXPECT_FALSE(IsKnown(0));
}

}  // namespace
}  // namespace tapiary::capture::modbus
