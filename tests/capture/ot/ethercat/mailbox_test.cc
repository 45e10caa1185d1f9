#include "capture/ot/ethercat/mailbox.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/layer2/collector.h"

namespace tapiary::capture::ethercat {
namespace {

bool Decode(const char* hex, bool master, Transaction& out) {
  const auto data = test::Hex(hex);
  return DecodeMailbox(data, master, out);
}

TEST(EtherCatMailbox, ProcessDataIsNoMailbox) {
  Transaction out;
  for (const char* const hex :
       {"", "0000000000000000", "ffffffffffffffffffff", "0a000000 0013 0020",
        "0400000000 93 00200160", "0400000001 13 00200160",
        "0a000000 0013 0090 23 0160 01 2a000000"}) {
    EXPECT_FALSE(Decode(hex, true, out)) << hex;
  }
}

TEST(EtherCatMailbox, EmergencyListAndFileError) {
  Transaction emergency;
  ASSERT_TRUE(Decode("0a00 e903 00 13 0010 1082 11 0000000000", false, emergency));
  EXPECT_EQ(emergency.operation, "coe_emergency");
  EXPECT_EQ(test::Detail(emergency, "error_code"), "0x8210");
  EXPECT_EQ(test::Detail(emergency, "mailbox_station"), "1001");
  Transaction list;
  ASSERT_TRUE(Decode("0800 0000 00 13 0080 01000000 0100", true, list));
  EXPECT_EQ(list.operation, "sdo_information");
  EXPECT_EQ(list.attack_technique, "T0861");
  Transaction error;
  ASSERT_TRUE(Decode("0800 0000 00 14 0500 01800000 6e6f", false, error));
  EXPECT_EQ(error.operation, "foe_error");
  EXPECT_EQ(error.exception, 0x8001u);
  Transaction data;
  EXPECT_FALSE(Decode("0800 0000 00 14 0300 01000000 6e6f", true, data));
}

}  // namespace
}  // namespace tapiary::capture::ethercat
