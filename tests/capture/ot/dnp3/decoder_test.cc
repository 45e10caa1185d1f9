#include "capture/ot/dnp3/decoder.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/capture/ot/dnp3/frames.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::dnp3 {
namespace {

using capture::test::Hex;
using capture::test::kMilli;
using capture::test::kSecond;
using test::Ask;
using test::Detail;
using test::Flagged;
using test::Frame;
using test::Octets;
using test::Reply;

class Dnp3DecoderTest : public ::testing::Test {
 protected:
  void Send(bool from_client, const Octets& bytes) {
    decoder_.OnBytes(from_client, bytes, now_ += kMilli, out_);
  }
  const Transaction& Only() {
    decoder_.Finish(out_);
    EXPECT_EQ(out_.transactions.size(), 1u);
    if (out_.transactions.empty()) out_.transactions.emplace_back();
    return out_.transactions[0];
  }
  Dnp3Decoder decoder_;
  test::Collector out_;
  std::int64_t now_ = capture::test::kStart;
};

constexpr std::string_view kLatchOn = "0c01 28 0100 0c00 03 01 64000000 64000000 00";

TEST_F(Dnp3DecoderTest, OperateThatIsRefused) {
  Send(true, Ask("c3 05" + std::string(kLatchOn)));
  Send(false, Reply("c3 81 0000 0c01 28 0100 0c00 03 01 64000000 64000000 04"));
  const Transaction& t = Only();
  EXPECT_EQ(t.operation, "direct_operate");
  EXPECT_EQ(t.code, 5);
  EXPECT_EQ(t.unit, 10u);
  EXPECT_EQ(t.address, 12u);
  EXPECT_EQ(t.quantity, 1u);
  EXPECT_EQ(t.values, std::vector<std::int64_t>{3});
  EXPECT_TRUE(t.command);
  EXPECT_EQ(t.attack_technique, "T0855");
  EXPECT_EQ(t.status, TransactionStatus::kException);
  EXPECT_EQ(t.exception, 4u);
  EXPECT_EQ(Detail(t, "control_status"), "not_supported");
  EXPECT_EQ(Detail(t, "controls"), "12:latch_on count=1 on=100 off=100");
  EXPECT_EQ(t.latency_ns, kMilli);
  EXPECT_TRUE(t.anomalies.empty());
}

TEST_F(Dnp3DecoderTest, AnEchoThatDiffersIsFlagged) {
  Send(true, Ask("c3 03" + std::string(kLatchOn)));
  Send(false, Reply("c3 81 0000 0c01 28 0100 0c00 04 01 64000000 64000000 00"));
  EXPECT_TRUE(Flagged(Only().anomalies, "dnp3-echo-mismatch"));
}

TEST_F(Dnp3DecoderTest, IinErrorsAreExceptions) {
  Send(true, Ask("c0 0d"));
  Send(false, Reply("c0 81 8001"));
  const Transaction& t = Only();
  EXPECT_EQ(t.operation, "cold_restart");
  EXPECT_EQ(t.attack_technique, "T0816");
  EXPECT_EQ(t.status, TransactionStatus::kException);
  EXPECT_EQ(t.exception, 1u);
  EXPECT_EQ(Detail(t, "iin_bits"), "device_restart,no_function");
}

TEST_F(Dnp3DecoderTest, OT02_PairedByAddressAndSequence) {
  Send(true, Ask("c1 01 3c0206", 11));
  Send(true, Ask("c1 01 3c0106"));
  Send(true, Ask("c2 01 3c0306"));
  Send(false, Reply("c2 81 0000"));
  Send(false, Reply("c1 81 0000"));
  decoder_.Finish(out_);
  ASSERT_EQ(out_.transactions.size(), 3u);
  EXPECT_EQ(Detail(out_.transactions[0], "objects"), "60/3:all");
  EXPECT_EQ(Detail(out_.transactions[1], "objects"), "60/1:all");
  EXPECT_EQ(out_.transactions[2].status, TransactionStatus::kNoReply);
  EXPECT_EQ(out_.transactions[2].unit, 11u);
}

TEST_F(Dnp3DecoderTest, UnsolicitedAndItsConfirmation) {
  Send(false, Reply("f4 82 8000 0201 17 01 07 81"));
  Send(true, Ask("d4 00"));
  ASSERT_EQ(out_.transactions.size(), 2u);
  const Transaction& report = out_.transactions[0];
  EXPECT_EQ(report.operation, "unsolicited_response");
  EXPECT_EQ(report.status, TransactionStatus::kUnsolicited);
  EXPECT_EQ(report.unit, 10u);
  EXPECT_EQ(Detail(report, "points"), "bi7=1");
  EXPECT_EQ(Detail(report, "confirm_wanted"), "1");
  EXPECT_EQ(out_.transactions[1].operation, "confirm");
}

TEST_F(Dnp3DecoderTest, NothingWaitsForWhatIsNotAnswered) {
  Send(true, Ask("c0 06" + std::string(kLatchOn)));
  Send(true, Ask("c1 0d", 0xffff));
  ASSERT_EQ(out_.transactions.size(), 2u);
  EXPECT_EQ(out_.transactions[0].operation, "direct_operate_no_ack");
  EXPECT_TRUE(out_.transactions[0].command);
  EXPECT_EQ(Detail(out_.transactions[1], "broadcast"), "1");
  EXPECT_EQ(decoder_.next_due_ns(), INT64_MAX);
}

TEST_F(Dnp3DecoderTest, LinkServicesAreTransactions) {
  Send(true, Frame(0xc9, 10, 1, {}));
  Send(false, Frame(0x0b, 1, 10, {}));
  Send(true, Frame(0xc0, 10, 1, {}));
  Send(false, Frame(0x01, 1, 10, {}));
  ASSERT_EQ(out_.transactions.size(), 2u);
  EXPECT_EQ(out_.transactions[0].operation, "request_link_status");
  EXPECT_EQ(out_.transactions[0].status, TransactionStatus::kOk);
  EXPECT_EQ(Detail(out_.transactions[0], "reply"), "link_status");
  EXPECT_EQ(out_.transactions[1].operation, "reset_link_states");
  EXPECT_EQ(out_.transactions[1].status, TransactionStatus::kException);
  EXPECT_EQ(out_.Counted("dnp3.link_frames"), 4u);
  EXPECT_EQ(out_.Counted("dnp3.link_primary_9"), 1u);
}

TEST_F(Dnp3DecoderTest, AcknowledgementsOfUserDataAreNoTransactions) {
  Send(true, Frame(0xf3, 10, 1, Hex("c0 c0 01 3c0106")));
  Send(false, Frame(0x00, 1, 10, {}));
  Send(false, Reply("c0 81 0000"));
  EXPECT_EQ(Only().operation, "read");
  EXPECT_EQ(out_.Counted("dnp3.link_secondary_0"), 1u);
}

TEST_F(Dnp3DecoderTest, OT09_ThreeFrameResponse) {
  Send(true, Ask("c0 01 3c0106"));
  Send(false, Frame(0x44, 1, 10, Hex("40 c0 81 0000 1e02 00 00 02 01")));
  Send(false, Frame(0x44, 1, 10, Hex("01 0100 01")));
  Send(false, Frame(0x44, 1, 10, Hex("82 0200 01 0300")));
  const Transaction& t = Only();
  EXPECT_EQ(Detail(t, "response_points"), "ai0=1 ai1=2 ai2=3");
  EXPECT_EQ(Detail(t, "response_frames"), "3");
  EXPECT_TRUE(t.anomalies.empty());
}

TEST_F(Dnp3DecoderTest, OT09_ALostMiddleFrame) {
  Send(true, Ask("c0 01 3c0106"));
  Send(false, Frame(0x44, 1, 10, Hex("40 c0 81 0000 1e02 00 00 02 01")));
  Send(false, Frame(0x44, 1, 10, Hex("82 0200 01 0300")));
  Send(true, Ask("c1 0d"));
  Send(false, Reply("c1 81 0000"));
  ASSERT_EQ(out_.transactions.size(), 2u);
  EXPECT_TRUE(Flagged(out_.transactions[0].anomalies, "truncated"));
  EXPECT_EQ(out_.anomalies, std::vector<std::string>{"dnp3-transport-sequence"});
  EXPECT_EQ(out_.transactions[1].status, TransactionStatus::kOk);
  EXPECT_TRUE(out_.transactions[1].anomalies.empty());
}

TEST_F(Dnp3DecoderTest, OT09_ZeroCountObjectDoesNotStopTheWalk) {
  Send(true, Ask("c0 02 3201 07 00 5001 00 07 07 00"));
  EXPECT_EQ(Detail(Only(), "objects"), "50/1:x0 80/1:7");
}

TEST_F(Dnp3DecoderTest, ADamagedFrameCostsItselfOnly) {
  Octets bad = Ask("c0 01 3c0106");
  bad[12] ^= 1;
  Send(true, bad);
  Octets worse = Ask("c1 01 3c0106");
  worse[8] ^= 1;
  Send(true, worse);
  Send(true, Ask("c2 01 3c0106"));
  EXPECT_EQ(Detail(Only(), "sequence"), "2");
  EXPECT_TRUE(Flagged(out_.anomalies, "dnp3-data-crc"));
  EXPECT_TRUE(Flagged(out_.anomalies, "dnp3-header-crc"));
}

TEST_F(Dnp3DecoderTest, OT09_RequestsFromTheOtherEndAreSaidToBe) {
  Send(false, Ask("c0 01 3c0106"));
  Send(true, Reply("c0 81 0000"));
  const Transaction& t = Only();
  EXPECT_EQ(t.status, TransactionStatus::kOk);
  EXPECT_EQ(Detail(t, "sent_by"), "responder");
}

TEST_F(Dnp3DecoderTest, LaterFragmentsOfAResponseStandAlone) {
  Send(true, Ask("c0 01 3c0106"));
  Send(false, Reply("a0 81 0000 1e0400 00 00 0100"));
  Send(false, Reply("41 81 0000 1e0400 01 01 0200"));
  decoder_.Finish(out_);
  ASSERT_EQ(out_.transactions.size(), 2u);
  EXPECT_EQ(Detail(out_.transactions[1], "continued"), "1");
  EXPECT_EQ(Detail(out_.transactions[1], "points"), "ai1=2");
}

TEST_F(Dnp3DecoderTest, OT12_AnyFragmentIsSurvivedAndBounded) {
  const Octets good =
      Hex("c3 02 3201 07 01 010203040506 4603 5b 01 1d00 1a00 0300 000000000000"
          "a401 00000000 ffffffff 0200 0004 0100 616263 0c01 28 0100 0c00 03 01"
          "64000000 64000000 00 1e05 00 00 00 01 0000c03f");
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const unsigned flip : {0x01u, 0x80u, 0xffu}) {
      Octets user = {0xc0};
      user.insert(user.end(), good.begin(), good.end());
      user[at + 1] ^= test::Octet(flip);
      Send(true, Frame(0xc4, 10, 1, user));
      user.resize(at + 1);
      Send(false, Frame(0x44, 1, 10, user));
    }
    now_ += 20 * kSecond;
  }
  decoder_.Finish(out_);
  EXPECT_GT(out_.transactions.size(), good.size());
  for (const Transaction& t : out_.transactions) {
    EXPECT_LT(t.detail.size(), 40u);
    EXPECT_LE(t.values.size(), 64u);
    for (const auto& [key, text] : t.detail) EXPECT_LE(text.size(), 512u) << key;
  }
}

}  // namespace
}  // namespace tapiary::capture::dnp3
