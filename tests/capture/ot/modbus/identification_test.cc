#include "capture/ot/modbus/identification.h"

#include <gtest/gtest.h>

#include "base/text.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::capture::modbus {
namespace {

using test::Hex;

Transaction Identify(const std::string& hex) {
  const auto bytes = Hex(hex);
  base::ByteCursor cursor(bytes);
  Transaction out;
  out.operation = "read_device_identification";
  DecodeIdentification(cursor, out);
  return out;
}

std::string Detail(const Transaction& transaction, std::string_view key) {
  for (const auto& [name, text] : transaction.detail) {
    if (name == key) return text;
  }
  return "(none)";
}

TEST(ModbusIdentification, ObjectsGetTheirNames) {
  const Transaction out = Identify("0e 01 01 00 00 03 00 04 41434d45 01 02 5031 80 01 ff");
  EXPECT_EQ(Detail(out, "vendor_name"), "ACME");
  EXPECT_EQ(Detail(out, "product_code"), "P1");
  EXPECT_EQ(Detail(out, "object_0x80"), "\xff");
  EXPECT_EQ(Detail(out, "conformity"), "0x01");
  EXPECT_EQ(Detail(out, "more_follows"), "false");
  EXPECT_TRUE(out.anomalies.empty());
}

TEST(ModbusIdentification, CountsThatLieAreFlagged) {
  EXPECT_EQ(Identify("0e 01 01 00 00 ff 00 04 41434d45").anomalies.size(), 1u);
  const Transaction cut = Identify("0e 01 01 00 00 01 00 f0 4142");
  EXPECT_EQ(Detail(cut, "vendor_name"), "AB");
  EXPECT_EQ(cut.anomalies.size(), 1u);
}

TEST(ModbusIdentification, RepeatedObjectsKeepDistinctKeys) {
  const Transaction out = Identify("0e 01 01 00 00 02 00 01 41 00 01 42");
  EXPECT_EQ(Detail(out, "vendor_name"), "A");
  EXPECT_EQ(Detail(out, "vendor_name_1"), "B");
}

TEST(ModbusIdentification, ServerIdIsText) {
  const auto bytes = Hex("05 504c4331ff");
  base::ByteCursor cursor(bytes);
  Transaction out;
  DecodeServerId(cursor, out);
  EXPECT_EQ(Detail(out, "server_id"), "PLC1\xff");
}

}  // namespace
}  // namespace tapiary::capture::modbus
