#include "capture/ot/knxnet/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/capture/ot/support/invariance.h"
#include "tests/capture/ot/support/recorder.h"

namespace tapiary::capture::knxnet {
namespace {

using test::DetailOf;
using test::Hex;

class KnxNetDecoderTest : public ::testing::Test {
 protected:
  void Ask(const char* hex) { decoder_.OnDatagram(true, Hex(hex), false, now_++, out_); }
  void Answer(const char* hex) { decoder_.OnDatagram(false, Hex(hex), false, now_++, out_); }
  KnxNetDecoder decoder_;
  test::Recorder out_;
  std::int64_t now_ = test::kStart;
};

TEST_F(KnxNetDecoderTest, TunnelWithAcknowledgements) {
  Ask("06100205001a 0801000000000000 0801000000000000 04040200");
  Answer("061002060014 0700 08010a0000020e57 04041105");
  Ask("061004200015 04070000 1100bce000000a03010081");
  Answer("06100421000a 04070000");
  Answer("061004200015 04070000 2e00bce011050a03010081");
  Ask("06100421000a 04070000");
  ASSERT_EQ(out_.transactions.size(), 3u);
  EXPECT_EQ(out_.transactions[0].operation, "connect_request");
  EXPECT_EQ(out_.transactions[0].unit, 7u);
  EXPECT_TRUE(out_.transactions[1].command);
  EXPECT_EQ(out_.transactions[1].status, TransactionStatus::kOk);
  EXPECT_FALSE(out_.transactions[2].command);
  EXPECT_EQ(DetailOf(out_.transactions[2], "asked_by"), "server");
  EXPECT_EQ(DetailOf(out_.transactions[2], "message"), "l_data_con");
}

TEST_F(KnxNetDecoderTest, RefusalsAndDevices) {
  Ask("06100205001a 0801000000000000 0801000000000000 04040200");
  Answer("061002060008 0024");  // no more connections
  EXPECT_EQ(out_.last().exception, 0x24u);
  Ask("06100203000e 0801000000000000");
  Answer(
      "06100204003c 3601 0200 1105 0000 00c501020304 e000170c 0050c2aabbcc"
      "4b4e5820526f75746572000000000000000000000000000000000000 0000");
  EXPECT_EQ(DetailOf(out_.last(), "device"), "KNX Router");
  EXPECT_EQ(DetailOf(out_.last(), "device_address"), "1.1.5");
  EXPECT_EQ(out_.last().attack_technique, "T0888");
}

TEST_F(KnxNetDecoderTest, OT07_BadLengthsAndServices) {
  Ask("06100205ffff");
  Ask("06100205");
  Ask("061009990007 00");
  ASSERT_EQ(out_.anomalies.size(), 2u);
  EXPECT_EQ(out_.anomalies[0], "knxnet-length");
  ASSERT_EQ(out_.transactions.size(), 1u);
  EXPECT_EQ(out_.transactions[0].anomalies[0], "knxnet-service");
}

TEST(KnxNetStream, OT01_OT02_OT04_OT08_OT12_TheSameFacts) {
  test::Conversation talk;
  talk.server_port = 3671;
  talk.Client("06100203000e 0802000000000000");
  talk.Server("061002040008 0202");
  talk.Client("061004200015 04070000 1100bce000000a03010081");
  talk.Server("061004200015 04070000 2e00bce011050a03010081");
  talk.Client("061002070010 0700 0802000000000000").Server("061002080008 0700");
  talk.Client("061002090010 0700 0802000000000000").Server("0610020a0008 0700");
  test::CheckCuts(talk);
  test::CheckRepeatsAndOrder(talk);
  test::CheckSnapLengths(talk);
  test::CheckGaps(talk);
}

}  // namespace
}  // namespace tapiary::capture::knxnet
