#include "capture/ot/hartip/decoder.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/hartip/messages.h"
#include "tests/capture/ot/support/invariance.h"
#include "tests/capture/ot/support/recorder.h"

namespace tapiary::capture::hartip {
namespace {

using test::Recorder;

class HartIpDecoderTest : public ::testing::Test {
 protected:
  Transaction Run(const std::string& request, const std::string& response) {
    decoder_.OnBytes(true, test::Hex(request), now_ += test::kMilli, out_);
    if (!response.empty()) {
      decoder_.OnBytes(false, test::Hex(response), now_ += test::kMilli, out_);
    }
    decoder_.Finish(out_);
    return out_.last();
  }
  HartIpDecoder decoder_;
  Recorder out_;
  std::int64_t now_ = test::kStart;
};

TEST_F(HartIpDecoderTest, Identity) {
  const Transaction got = Run(Ask(7, 0, ""), Answer(7, 0, "0040 fe 2606 05 07 01 0a 08 00 aabbcc"));
  EXPECT_EQ(got.operation, "read_unique_identifier");
  EXPECT_EQ(got.status, TransactionStatus::kOk);
  EXPECT_FALSE(got.command);
  EXPECT_EQ(got.attack_technique, "T0888");
  EXPECT_EQ(test::DetailOf(got, "address"), "2606aabbcc");
  EXPECT_EQ(test::DetailOf(got, "device_type"), "0x2606");
  EXPECT_EQ(test::DetailOf(got, "device_id"), "aabbcc");
  EXPECT_EQ(test::DetailOf(got, "device_status"), "0x40");
  EXPECT_EQ(got.latency_ns, test::kMilli);
}

TEST_F(HartIpDecoderTest, VariablesAreNumbers) {
  const Transaction got = Run(Ask(8, 3, ""), Answer(8, 3, "0000 41400000 39 42c80000 20 c1200000"));
  EXPECT_EQ(test::DetailOf(got, "loop_current"), "12");
  EXPECT_EQ(test::DetailOf(got, "pv"), "100");
  EXPECT_EQ(test::DetailOf(got, "pv_unit"), "57");
  EXPECT_EQ(test::DetailOf(got, "sv"), "-10");
}

TEST_F(HartIpDecoderTest, WritesAreFlagged) {
  // Tag "PT-101" in packed ASCII, no descriptor, 25 November 2026.
  const std::string data = "414b71c31820 820820820820820820820820 190b7e";
  const Transaction got = Run(Ask(9, 18, data), Answer(9, 18, "0000" + data));
  EXPECT_TRUE(got.command);
  EXPECT_EQ(got.attack_technique, "T0836");
  EXPECT_EQ(test::DetailOf(got, "tag"), "PT-101");
  EXPECT_EQ(test::DetailOf(got, "date"), "2026-11-25");
}

TEST_F(HartIpDecoderTest, FixedCurrentAndReset) {
  const Transaction fixed = Run(Ask(1, 40, "41a00000"), Answer(1, 40, "0000 41a00000"));
  EXPECT_EQ(fixed.operation, "enter_exit_fixed_current_mode");
  EXPECT_EQ(fixed.attack_technique, "T0835");
  EXPECT_EQ(test::DetailOf(fixed, "loop_current"), "20");
  const Transaction reset = Run(Ask(2, 42, ""), "");
  EXPECT_EQ(reset.attack_technique, "T0816");
  EXPECT_TRUE(reset.command);
  EXPECT_EQ(reset.status, TransactionStatus::kNoReply);
}

TEST_F(HartIpDecoderTest, ErrorsWarningsAndCommunicationErrors) {
  const Transaction error = Run(Ask(1, 6, "05"), Answer(1, 6, "0700"));  // write protected
  EXPECT_EQ(error.status, TransactionStatus::kException);
  EXPECT_EQ(error.exception, 7u);
  const Transaction warning = Run(Ask(2, 34, "3f800000"), Answer(2, 34, "0800 3f000000"));
  EXPECT_EQ(warning.status, TransactionStatus::kOk);
  EXPECT_EQ(test::DetailOf(warning, "warning"), "8");
  const Transaction bus = Run(Ask(3, 1, ""), Answer(3, 1, "8800"));
  EXPECT_EQ(bus.exception, 0x88u);
  EXPECT_EQ(bus.status, TransactionStatus::kException);
}

TEST_F(HartIpDecoderTest, SessionsKeepAlivesAndRefusals) {
  const Transaction refused = Run(Hip(0, 0, 1, "01 00002710"), Hip(1, 0, 1, "01 00002710", 15));
  EXPECT_EQ(refused.operation, "initiate_session");
  EXPECT_EQ(refused.exception, 15u);
  EXPECT_EQ(test::DetailOf(refused, "master"), "primary");
  EXPECT_EQ(test::DetailOf(refused, "inactivity_ms"), "10000");
  const std::size_t before = out_.transactions.size();
  decoder_.OnBytes(true, test::Hex(Hip(0, 2, 2, "")), now_, out_);
  decoder_.OnBytes(false, test::Hex(Hip(1, 2, 2, "")), now_, out_);
  EXPECT_EQ(out_.transactions.size(), before);
  EXPECT_EQ(out_.counters["hart-ip.keep_alive_request"], 1u);
  EXPECT_EQ(out_.counters["hart-ip.keep_alive_response"], 1u);
}

TEST_F(HartIpDecoderTest, DirectShowsTheCommandThatChanges) {
  const Transaction got =
      Run(Hip(0, 4, 5, "0000 0000 00 0006 01 03"), Hip(1, 4, 5, "0000 0000 01 00 0006 02 0003"));
  EXPECT_EQ(got.operation, "write_polling_address");
  EXPECT_TRUE(got.command);
  EXPECT_EQ(test::DetailOf(got, "commands"), "0,6");
  EXPECT_TRUE(got.anomalies.empty());
}

TEST_F(HartIpDecoderTest, PublishedMessagesStandAlone) {
  decoder_.OnBytes(false, test::Hex(Hip(2, 4, 5, "0000 0009 03 000102")), now_, out_);
  ASSERT_EQ(out_.transactions.size(), 1u);
  EXPECT_EQ(out_.transactions[0].status, TransactionStatus::kUnsolicited);
  EXPECT_EQ(test::DetailOf(out_.transactions[0], "message_type"), "publish");
}

TEST_F(HartIpDecoderTest, OT07_DamagedPdusAreNamed) {
  std::string bad = Ask(1, 42, "");
  bad.back() = bad.back() == '0' ? '1' : '0';
  const Transaction sum = Run(bad, "");
  ASSERT_EQ(sum.anomalies.size(), 1u);
  EXPECT_EQ(sum.anomalies[0], "hart-ip-checksum");
  const Transaction size = Run(Hip(0, 3, 2, "82a606aabbcc 2a 09 00"), "");
  ASSERT_EQ(size.anomalies.size(), 1u);
  EXPECT_EQ(size.anomalies[0], "hart-ip-hart-length");
  EXPECT_EQ(size.operation, "perform_device_reset");
}

TEST_F(HartIpDecoderTest, OT07_AnyByteMayBeWrong) {
  const std::string talk = Ask(1, 18, "414b71c31820820820820820820820820820190b7e") +
                           Hip(0, 4, 5, "0000 0000 00 0006 01 03") + Hip(0, 0, 1, "01 00002710");
  const std::vector<std::uint8_t> good = test::Hex(talk);
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int value : {0x00, 0x7f, 0x80, 0xff}) {
      std::vector<std::uint8_t> bytes = good;
      bytes[at] = static_cast<std::uint8_t>(value);
      HartIpDecoder decoder;
      Recorder out;
      decoder.OnBytes(true, bytes, now_, out);
      decoder.OnBytes(false, bytes, now_, out);
      decoder.Finish(out);
      EXPECT_LE(out.transactions.size(), 6u);
    }
  }
}

test::Conversation Talk() {
  test::Conversation talk;
  talk.server_port = 5094;
  talk.Client(Hip(0, 0, 1, "01 00002710")).Server(Hip(1, 0, 1, "01 00002710"));
  talk.Client(Ask(2, 0, "")).Server(Answer(2, 0, "0040 fe 2606 05 07 01 0a 08 00 aabbcc"));
  talk.Client(Ask(3, 17, "414b71c31820820820820820820820820820820820820820"));
  talk.Server(Answer(3, 17, "0000 414b71c31820820820820820820820820820820820820820"));
  talk.Client(Ask(4, 3, "")).Client(Ask(5, 42, ""));
  talk.Server(Answer(5, 42, "1000")).Server(Answer(4, 3, "0000 41400000 39 42c80000"));
  talk.Client(Hip(0, 4, 6, "0000 0006 01 03")).Server(Hip(1, 4, 6, "0000 0006 02 0003"));
  talk.Client(Hip(0, 2, 7, "")).Server(Hip(1, 2, 7, ""));
  talk.Client(Hip(0, 1, 8, "")).Server(Hip(1, 1, 8, ""));
  return talk;
}

// The rest of a torn message that looks like a header of 4 KiB swallows nothing.
TEST(HartIpStream, OT04_JoinedBehindWhatLooksLikeAHeader) {
  for (const char* const torn : {"010003000001 1000 82a606", "010004000001 1000 0000 0006 ff",
                                 "020103000001 0f00 86", "020105000001 1000 0000"}) {
    test::PacketList packets;
    test::TcpTalk talk(packets, 40000, 5094);
    torn[3] == '0' ? talk.Client(torn) : talk.Server(torn);
    talk.Client(Ask(2, 42, "")).Server(Answer(2, 42, "0000"));
    const test::MeterRun run = test::RunMeter(packets);
    ASSERT_EQ(run.records.transactions.size(), 1u) << torn;
    EXPECT_TRUE(run.records.transactions[0].command);
    EXPECT_EQ(run.records.transactions[0].status, TransactionStatus::kOk);
  }
}

TEST(HartIpStream, OT01_OT02_OT04_OT08_OT12_TheSameFacts) {
  test::CheckInvariance(Talk());
}
TEST(HartIpStream, UdpAndAnotherPort) {
  test::Conversation talk = Talk();
  talk.carrier = test::Carrier::kUdp;
  test::CheckInvariance(talk);
  talk.carrier = test::Carrier::kTcp;
  talk.server_port = 15094;
  test::CheckCuts(talk);
}

}  // namespace
}  // namespace tapiary::capture::hartip
