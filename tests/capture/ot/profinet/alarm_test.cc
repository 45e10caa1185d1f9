#include "capture/ot/profinet/alarm.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/layer2/collector.h"

namespace tapiary::capture::profinet {
namespace {

Transaction Decode(const char* hex, bool high = false) {
  Transaction out;
  const auto bytes = test::Hex(hex);
  DecodeRta(bytes, high, out);
  return out;
}

TEST(ProfinetAlarm, Kinds) {
  EXPECT_EQ(KindOfRta(test::Hex("0001 0002 11")), RtaKind::kData);
  EXPECT_EQ(KindOfRta(test::Hex("0001 0002 14")), RtaKind::kError);
  EXPECT_EQ(KindOfRta(test::Hex("0001 0002 01")), RtaKind::kBad);
  EXPECT_EQ(KindOfRta(test::Hex("0001 0002 15")), RtaKind::kBad);
  EXPECT_EQ(KindOfRta(test::Hex("0001 0002")), RtaKind::kBad);
}

TEST(ProfinetAlarm, PullAcknowledgementAndError) {
  const Transaction pull = Decode(
      "0001 0002 11 01 0000 0000 0022 0002 001e 0100 0003 00000001 0004 0001 00000011"
      "00000022 0005");
  EXPECT_EQ(pull.operation, "alarm_notification_low");
  EXPECT_EQ(test::Detail(pull, "alarm_type"), "pull");
  EXPECT_EQ(test::Detail(pull, "api"), "1");
  EXPECT_EQ(test::Detail(pull, "alarm_sequence"), "5");
  const Transaction ack =
      Decode("0001 0002 11 01 0000 0000 001a 8002 0016 0100 0001 00000000 0004 0001 0005 df80b100");
  EXPECT_EQ(ack.operation, "alarm_ack_low");
  EXPECT_EQ(ack.exception, 0xdf80b100u);
  const Transaction error = Decode("0001 0002 14 01 0000 0000 0004 cf81fd05", true);
  EXPECT_EQ(error.operation, "alarm_error");
  EXPECT_EQ(error.exception, 0xcf81fd05u);
  EXPECT_TRUE(test::Flagged(Decode("0001 0002 11 01 0000 0000 0022 0002"), "profinet-rt-length"));
}

}  // namespace
}  // namespace tapiary::capture::profinet
