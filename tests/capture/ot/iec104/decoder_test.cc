#include "capture/ot/iec104/decoder.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/iec104/apdu.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::iec104 {
namespace {

using capture::test::kMilli;
using capture::test::kSecond;
using test::Detail;
using test::Octets;

class Iec104DecoderTest : public ::testing::Test {
 protected:
  void Bytes(bool from_client, const Octets& bytes) {
    decoder_.OnBytes(from_client, bytes, now_ += kMilli, out_);
  }
  void Ask(std::string_view asdu) { Bytes(true, test::IFrame(send_[1]++, 0, asdu)); }
  void Answer(std::string_view asdu) { Bytes(false, test::IFrame(send_[0]++, 0, asdu)); }
  const Transaction& At(std::size_t index) {
    if (out_.transactions.size() <= index) {
      ADD_FAILURE() << "only " << out_.transactions.size();
      out_.transactions.resize(index + 1);
    }
    return out_.transactions[index];
  }
  Iec104Decoder decoder_;
  test::Collector out_;
  std::int64_t now_ = capture::test::kStart;
  unsigned send_[2] = {0, 0};
};

TEST_F(Iec104DecoderTest, ExecutedCommandEndsWithItsTermination) {
  Ask("2d01 0600 0a00 e90300 01");
  Answer("2d01 0700 0a00 e90300 01");
  EXPECT_TRUE(out_.transactions.empty());
  Answer("2d01 0a00 0a00 e90300 01");
  const Transaction& t = At(0);
  EXPECT_EQ(t.operation, "single_command");
  EXPECT_EQ(t.code, 45);
  EXPECT_EQ(t.unit, 10u);
  EXPECT_EQ(t.address, 1001u);
  EXPECT_EQ(t.quantity, 1u);
  EXPECT_EQ(t.values, std::vector<std::int64_t>{1});
  EXPECT_EQ(t.status, TransactionStatus::kOk);
  EXPECT_TRUE(t.command);
  EXPECT_EQ(t.attack_technique, "T0855");
  EXPECT_EQ(Detail(t, "mode"), "execute");
  EXPECT_EQ(Detail(t, "reply_cause"), "7");
  EXPECT_EQ(Detail(t, "term_cause"), "10");
  EXPECT_EQ(t.latency_ns, kMilli);
  EXPECT_EQ(out_.transactions.size(), 1u);
}

TEST_F(Iec104DecoderTest, WithoutTerminationItWaitsTenSecondsAtMost) {
  Ask("2d01 0600 0a00 e90300 01");
  Answer("2d01 0700 0a00 e90300 01");
  EXPECT_LE(decoder_.next_due_ns(), now_ + 11 * kSecond);
  decoder_.Expire(now_ + 11 * kSecond, out_);
  EXPECT_EQ(At(0).status, TransactionStatus::kOk);
  EXPECT_EQ(decoder_.next_due_ns(), INT64_MAX);
}

TEST_F(Iec104DecoderTest, SelectIsDoneWithItsConfirmation) {
  Ask("2e01 0600 0a00 e90300 82");
  Answer("2e01 0700 0a00 e90300 82");
  EXPECT_EQ(Detail(At(0), "mode"), "select");
  EXPECT_EQ(At(0).values, std::vector<std::int64_t>{2});
}

TEST_F(Iec104DecoderTest, NegativeConfirmationsAreExceptions) {
  Ask("2d01 0600 0a00 e90300 01");
  Answer("2d01 4700 0a00 e90300 01");
  EXPECT_EQ(At(0).status, TransactionStatus::kException);
  EXPECT_EQ(At(0).exception, 7u);
  Ask("6401 0600 0900 000000 14");
  Answer("6401 6e00 0900 000000 14");
  EXPECT_EQ(At(1).exception, 46u);
  EXPECT_EQ(Detail(At(1), "reply_cause_name"), "unknown_common_address");
}

TEST_F(Iec104DecoderTest, AnswersToAllStationsHaveTheirOwnAddress) {
  Ask("6401 0600 ffff 000000 14");
  Answer("6401 0700 0300 000000 14");
  Answer("6401 0a00 0300 000000 14");
  EXPECT_EQ(At(0).unit, 0xffffu);
  EXPECT_EQ(Detail(At(0), "reply_unit"), "3");
  EXPECT_EQ(Detail(At(0), "term_cause"), "10");
}

TEST_F(Iec104DecoderTest, OT02_SeveralCommandsOutstanding) {
  for (const std::string_view object : {"010000", "020000", "030000"}) {
    Ask("2d01 0600 0a00 " + std::string(object) + "81");
  }
  for (const std::string_view object : {"030000", "010000"}) {
    Answer("2d01 0700 0a00 " + std::string(object) + "81");
  }
  decoder_.Finish(out_);
  EXPECT_EQ(At(0).address, 3u);
  EXPECT_EQ(At(1).address, 1u);
  EXPECT_EQ(At(2).address, 2u);
  EXPECT_EQ(At(2).status, TransactionStatus::kNoReply);
}

TEST_F(Iec104DecoderTest, ReadBringsItsValue) {
  Ask("6601 0500 0a00 640000");
  Answer("0d01 0500 0a00 640000 0000c03f 80");
  EXPECT_EQ(At(0).operation, "read");
  EXPECT_EQ(At(0).status, TransactionStatus::kOk);
  EXPECT_EQ(Detail(At(0), "reply_points"), "100=1.5!iv");
}

TEST_F(Iec104DecoderTest, EchoThatDiffersIsFlagged) {
  Ask("2d01 0600 0a00 e90300 81");
  Answer("2d01 0700 0a00 e90300 80");
  EXPECT_EQ(At(0).anomalies, std::vector<std::string>{"iec104-echo-mismatch"});
}

TEST_F(Iec104DecoderTest, ReportsStandAlone) {
  Answer("0183 1400 0a00 640000 00 81 01");
  const Transaction& t = At(0);
  EXPECT_EQ(t.status, TransactionStatus::kUnsolicited);
  EXPECT_EQ(t.operation, "single_point");
  EXPECT_EQ(t.values, (std::vector<std::int64_t>{0, 1, 1}));
  EXPECT_EQ(Detail(t, "points"), "100=0 101=1!iv 102=1");
  EXPECT_EQ(Detail(t, "quality"), "iv");
  EXPECT_FALSE(t.command);
}

TEST_F(Iec104DecoderTest, LinkControl) {
  Bytes(true, test::UFrame(0x07));
  Bytes(false, test::UFrame(0x0b));
  Bytes(false, test::UFrame(0x43));
  Bytes(true, test::UFrame(0x83));
  Bytes(true, test::UFrame(0x13));
  Bytes(true, test::SFrame(3));
  decoder_.Finish(out_);
  EXPECT_EQ(At(0).operation, "startdt");
  EXPECT_FALSE(At(0).command);
  EXPECT_EQ(At(1).operation, "testfr");
  EXPECT_EQ(Detail(At(1), "sent_by"), "responder");
  EXPECT_EQ(At(2).operation, "stopdt");
  EXPECT_TRUE(At(2).command);
  EXPECT_EQ(At(2).status, TransactionStatus::kNoReply);
  EXPECT_EQ(out_.Counted("iec104.u_frames"), 5);
  EXPECT_EQ(out_.Counted("iec104.s_frames"), 1);
}

TEST_F(Iec104DecoderTest, OT10_OneSegmentFiveApdus) {
  Octets segment = test::UFrame(0x07);
  for (unsigned i = 0; i < 3; ++i) {
    const Octets apdu = test::IFrame(i, 0, "2d01 0600 0a00 0" + std::to_string(i) + "0000 81");
    segment.insert(segment.end(), apdu.begin(), apdu.end());
  }
  const Octets last = test::SFrame(0);
  segment.insert(segment.end(), last.begin(), last.end());
  Bytes(true, segment);
  decoder_.Finish(out_);
  EXPECT_EQ(out_.transactions.size(), 4u);
  EXPECT_EQ(out_.Counted("iec104.i_frames"), 3);
  EXPECT_EQ(out_.Counted("iec104.s_frames"), 1);
  EXPECT_TRUE(out_.anomalies.empty());
}

TEST_F(Iec104DecoderTest, AFrameThatWasPutInIsAJump) {
  Ask("2d01 0600 0a00 e90300 81");
  send_[1] += 5;
  Ask("2d01 0600 0a00 e90300 81");
  EXPECT_EQ(out_.anomalies, std::vector<std::string>{"iec104-sequence-jump"});
  decoder_.OnGap(true, 20, false, out_);
  send_[1] += 5;
  Ask("2d01 0600 0a00 e90300 81");
  EXPECT_EQ(std::count(out_.anomalies.begin(), out_.anomalies.end(), "iec104-sequence-jump"), 1);
}

TEST_F(Iec104DecoderTest, SequenceNumbersWrap) {
  send_[0] = 32767;
  Answer("0101 0300 0a00 640000 00");
  send_[0] = 0;
  Answer("0101 0300 0a00 640000 00");
  EXPECT_TRUE(out_.anomalies.empty());
}

TEST_F(Iec104DecoderTest, OT12_AnyByteIsSurvived) {
  const Octets good = test::IFrame(0, 0,
                                   "3a02 0600 0a00 640000 01 c8320908 1d0808 650000 01"
                                   "c8320908 1d0808");
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xff}) {
      Octets bad = good;
      bad[at] ^= static_cast<std::uint8_t>(flip);
      Bytes(true, bad);
      Bytes(false, bad);
      now_ += 20 * kSecond;
    }
  }
  Answer("0101 0300 0a00 640000 00");
  decoder_.Finish(out_);
  EXPECT_EQ(out_.transactions.back().operation, "single_point");
  for (const Transaction& t : out_.transactions) {
    EXPECT_LT(t.detail.size(), 24u);
    EXPECT_LE(t.values.size(), 127u);
  }
}

TEST_F(Iec104DecoderTest, UnknownTypesAreReported) {
  Answer("2901 0300 0a00 640000 00");
  EXPECT_EQ(At(0).operation, "unknown_type");
  EXPECT_EQ(At(0).anomalies, std::vector<std::string>{"iec104-unknown-type"});
}

}  // namespace
}  // namespace tapiary::capture::iec104
