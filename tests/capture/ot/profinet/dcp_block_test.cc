#include "capture/ot/profinet/dcp_block.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/layer2/collector.h"

namespace tapiary::capture::profinet {
namespace {

Transaction Decode(std::uint8_t option, std::uint8_t suboption, const char* hex) {
  Transaction out;
  const auto data = test::Hex(hex);
  DecodeDcpBlock(option, suboption, data, out);
  return out;
}

// A second name behind the first must not be lost, nor make two members of one name.
TEST(ProfinetDcpBlock, ARepeatedBlockIsToldOnceMore) {
  Transaction out;
  for (const char* const hex : {"6161", "6262", "6161"}) {
    DecodeDcpBlock(2, 2, test::Hex(hex), out);
  }
  ASSERT_EQ(out.detail.size(), 2u);
  EXPECT_EQ(test::Detail(out, "station_name"), "aa");
  EXPECT_EQ(test::Detail(out, "station_name_2"), "bb");
}

TEST(ProfinetDcpBlock, FieldsOfEach) {
  struct Case {
    std::uint8_t option, suboption;
    const char* hex;
    const char* key;
    const char* text;
  };
  const Case cases[] = {
      {1, 1, "000102030405", "mac_address", "00:01:02:03:04:05"},
      {1, 3, "c0a80001ffffff00c0a800fe08080808", "dns", "8.8.8.8"},
      {2, 1, "41424300", "vendor_text", "ABC"},
      {2, 6, "7878", "alias_name", "xx"},
      {2, 7, "0102", "device_instance", "258"},
      {2, 8, "002a0102", "oem_device_id", "0x0102"},
      {2, 11, "0102", "option_2_11", "0102"},
      {3, 12, "0102", "option_3_12", "0102"},
      {5, 3, "0100", "signal", "0x0100"},
      {6, 1, "0001", "device_initiative", "1"},
  };
  for (const Case& row : cases) {
    EXPECT_EQ(test::Detail(Decode(row.option, row.suboption, row.hex), row.key), row.text)
        << row.key;
  }
}

TEST(ProfinetDcpBlock, ShortOnesAreNamed) {
  EXPECT_TRUE(test::Flagged(Decode(1, 2, "c0a80001"), "profinet-dcp-length"));
  EXPECT_TRUE(test::Flagged(Decode(2, 3, "002a"), "profinet-dcp-length"));
  EXPECT_TRUE(test::Flagged(Decode(2, 4, ""), "profinet-dcp-length"));
  EXPECT_TRUE(Decode(5, 1, "").detail.empty());
  EXPECT_EQ(DcpOptionName(5, 5), "factory_reset");
  EXPECT_EQ(DcpOptionName(9, 9), "");
}

}  // namespace
}  // namespace tapiary::capture::profinet
