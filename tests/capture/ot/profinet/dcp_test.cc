#include "capture/ot/profinet/dcp.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/profinet/dcp_frames.h"

namespace tapiary::capture::profinet {
namespace {

using test::Detail;

Transaction Request(const std::string& frame) {
  const std::vector<std::uint8_t> bytes = test::Hex(frame);
  DcpHeader header;
  EXPECT_TRUE(ReadDcpHeader(base::Bytes(bytes).subspan(2), header));
  Transaction out;
  DecodeDcpRequest(header, false, out);
  return out;
}

TEST(ProfinetDcp, SetsAreCommandsByWhatTheySet) {
  struct Case {
    std::string block;
    const char* name;
    const char* technique;
    bool command;
  };
  const Case cases[] = {
      {DcpBlock("0102", "0001 c0a80005 ffffff00 c0a80001"), "ip_parameter", "T0836", true},
      {DcpBlock("0202", "0000" + test::TextHex("plc")), "name_of_station", "T0849", true},
      {DcpBlock("0503", "0000 0100"), "signal", "T0888", false},
      {DcpBlock("0505", "0000"), "factory_reset", "T0809", true},
      {DcpBlock("0506", "0004"), "reset_to_factory", "T0809", true},
      {DcpBlock("0501", "0000"), "start_transaction", "", true},
      {DcpBlock("7701", "0000"), "119/1", "T0836", true},
  };
  for (const Case& row : cases) {
    const Transaction set = Request(Dcp("fefd", "0400", row.block));
    EXPECT_EQ(set.operation, "set");
    EXPECT_EQ(Detail(set, "blocks"), row.name);
    EXPECT_EQ(set.command, row.command) << row.name;
    EXPECT_EQ(set.attack_technique, row.technique) << row.name;
    EXPECT_TRUE(set.anomalies.empty()) << row.name;
  }
}

TEST(ProfinetDcp, TheWorstBlockDecides) {
  const Transaction set = Request(Dcp("fefd", "0400",
                                      DcpBlock("0503", "0000 0100") + DcpBlock("0505", "0000") +
                                          DcpBlock("0102", "0001 c0a80005 ffffff00 c0a80001")));
  EXPECT_TRUE(set.command);
  EXPECT_EQ(set.attack_technique, "T0809");
  EXPECT_EQ(Detail(set, "ip"), "192.168.0.5");
  EXPECT_EQ(Detail(set, "permanent"), "1");
}

TEST(ProfinetDcp, GetListsWhatIsAsked) {
  const Transaction get = Request(Dcp("fefd", "0300", "0102 0202 0203"));
  EXPECT_EQ(get.operation, "get");
  EXPECT_FALSE(get.command);
  EXPECT_EQ(Detail(get, "blocks"), "ip_parameter name_of_station device_id");
}

TEST(ProfinetDcp, IdentifyResponseTellsTheDevice) {
  const std::vector<std::uint8_t> bytes = test::Hex(
      Dcp("feff", "0501",
          DcpBlock("0202", "0000" + test::TextHex("pump7")) + DcpBlock("0203", "0000 002a 0a01") +
              DcpBlock("0204", "0000 01 00") + DcpBlock("0205", "0000 0102 0202") +
              DcpBlock("0102", "0081 c0a80006 ffffff00 00000000")));
  DcpHeader header;
  ASSERT_TRUE(ReadDcpHeader(base::Bytes(bytes).subspan(2), header));
  Transaction out;
  DecodeDcpResponse(header, false, false, out);
  EXPECT_EQ(out.operation, "identify");
  EXPECT_FALSE(out.command);
  EXPECT_EQ(Detail(out, "station_name"), "pump7");
  EXPECT_EQ(Detail(out, "vendor_id"), "0x002a");
  EXPECT_EQ(Detail(out, "device_id"), "0x0a01");
  EXPECT_EQ(Detail(out, "device_role"), "1");
  EXPECT_EQ(Detail(out, "device_options"), "1/2 2/2");
  EXPECT_EQ(Detail(out, "ip"), "192.168.0.6");
  EXPECT_TRUE(test::Flagged(out, "profinet-dcp-address-conflict"));
}

TEST(ProfinetDcp, AServiceThatIsNotSupportedIsAnException) {
  const std::vector<std::uint8_t> bytes = test::Hex(Dcp("fefd", "0405", ""));
  DcpHeader header;
  ASSERT_TRUE(ReadDcpHeader(base::Bytes(bytes).subspan(2), header));
  Transaction out;
  DecodeDcpResponse(header, false, true, out);
  EXPECT_EQ(out.status, TransactionStatus::kException);
  EXPECT_EQ(out.exception, 5u);
}

TEST(ProfinetDcp, OT07_LengthsThatDoNotAddUp) {
  EXPECT_TRUE(
      test::Flagged(Request(Dcp("fefd", "0400", "0102 0040 0001 c0a8")), "profinet-dcp-length"));
  EXPECT_TRUE(
      test::Flagged(Request("fefd 0400 01000001 0001 0100 0202 0002 0000"), "profinet-dcp-length"));
  EXPECT_TRUE(test::Flagged(Request(Dcp("fefd", "0300", "010203")), "profinet-dcp-length"));
  DcpHeader header;
  for (const char* const hex :
       {"0900 00000001 0000 0000", "0403 00000001 0000 0000", "0400 0000", ""}) {
    const auto bytes = test::Hex(hex);
    EXPECT_FALSE(ReadDcpHeader(bytes, header)) << hex;
  }
}

}  // namespace
}  // namespace tapiary::capture::profinet
