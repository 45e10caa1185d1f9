#include "capture/ot/goose/decoder.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "tests/capture/ot/goose/goose_frames.h"

namespace tapiary::capture::goose {
namespace {

using test::Detail;
using test::Flagged;
using test::kMilli;
using test::kSecond;

class GooseDecoderTest : public ::testing::Test {
 protected:
  void Send(const Frame& frame, std::int64_t wait_ns = kSecond) {
    decoder_.OnDatagram(true, test::Hex(frame.Hex()), false, now_ += wait_ns, out_);
  }
  // The events since the last call.
  std::vector<Transaction> Take() { return std::exchange(out_.transactions, {}); }
  Transaction TakeOne() {
    std::vector<Transaction> all = Take();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Transaction{} : all[0];
  }
  GooseDecoder decoder_;
  test::Collector out_;
  std::int64_t now_ = test::kStart;
};

TEST_F(GooseDecoderTest, StatesAreTransactionsRepetitionsAreCounted) {
  Frame frame;
  Send(frame);
  const Transaction first = TakeOne();
  EXPECT_EQ(first.operation, "send_goose_message");
  EXPECT_EQ(first.status, TransactionStatus::kUnsolicited);
  EXPECT_EQ(first.unit, 1u);
  EXPECT_EQ(first.values, (std::vector<std::int64_t>{0, 2}));
  EXPECT_EQ(Detail(first, "event"), "first_seen");
  EXPECT_EQ(Detail(first, "gocb_ref"), "IED1/LLN0$GO$gcb1");
  EXPECT_EQ(Detail(first, "t"), "1593835520.500000");
  EXPECT_EQ(Detail(first, "t_quality"), "8");
  EXPECT_TRUE(first.anomalies.empty());
  for (frame.sq_num = 1; frame.sq_num < 20; ++frame.sq_num) Send(frame);
  EXPECT_TRUE(Take().empty());
  frame = {.st_num = 6, .data = "8301ff 850102"};
  Send(frame);
  const Transaction change = TakeOne();
  EXPECT_EQ(Detail(change, "event"), "state_change");
  EXPECT_EQ(Detail(change, "changed"), "0: false > true");
  EXPECT_EQ(Detail(change, "before_sq_num"), "19");
  EXPECT_TRUE(change.anomalies.empty());
  decoder_.Finish(out_);
  const Transaction summary = TakeOne();
  EXPECT_EQ(summary.operation, "goose_summary");
  EXPECT_EQ(Detail(summary, "packets"), "21");
  EXPECT_EQ(Detail(summary, "state_changes"), "1");
  EXPECT_EQ(Detail(summary, "repeats"), "19");
  EXPECT_EQ(out_.counters["goose.packets"], 21u);
}

TEST_F(GooseDecoderTest, ForgedMessagesAreNamed) {
  Send({.st_num = 100});
  Take();
  struct Case {
    Frame frame;
    const char* anomaly;
    const char* event;
  };
  const Case cases[] = {
      {{.st_num = 100, .sq_num = 1, .data = "8301ff 850102"},
       "goose-same-stnum-other-data",
       "other_data"},
      {{.st_num = 5000}, "goose-stnum-jump", "state_jump"},
      {{.st_num = 101}, "goose-stnum-back", "went_back"},
      {{.st_num = 101, .sq_num = 0}, "goose-sqnum-back", "went_back"},
      {{.st_num = 1, .sq_num = 1}, "goose-restart", "restart"},
      {{.st_num = 1, .sq_num = 2, .conf_rev = 2}, "goose-confrev-change", "configuration_change"},
      {{.st_num = 1, .sq_num = 3, .conf_rev = 2, .in_test = true},
       "goose-simulation",
       "configuration_change"},
      {{.st_num = 2, .conf_rev = 2, .reserved = "80000000"}, "goose-simulation", "state_change"},
      {{.st_num = 3, .conf_rev = 2, .needs_commissioning = true},
       "goose-needs-commissioning",
       "state_change"},
      {{.st_num = 4, .conf_rev = 2, .entries = 3}, "goose-count-mismatch", "state_change"},
      {{.st_num = 5, .conf_rev = 2, .data = "830100 850402"}, "goose-data", "state_change"},
  };
  for (const Case& row : cases) {
    Send(row.frame);
    const Transaction event = TakeOne();
    EXPECT_TRUE(Flagged(event, row.anomaly)) << row.anomaly;
    EXPECT_EQ(Detail(event, "event"), row.event) << row.anomaly;
  }
}

TEST_F(GooseDecoderTest, OtherDataKeepsTheGenuineState) {
  Send({});
  Send({.sq_num = 1, .data = "8301ff 850102"});
  EXPECT_EQ(Take().back().attack_technique, "T0856");
  Send({.sq_num = 2});
  EXPECT_TRUE(Take().empty());  // the real publisher goes on: nothing new
}

TEST_F(GooseDecoderTest, CopiesOfMirrorsAndRingsAreNoEvents) {
  Send({.st_num = 7});
  Send({.st_num = 7}, kMilli);
  Send({.st_num = 8}, kMilli);
  Send({.st_num = 7}, kMilli);  // the slow way round the ring
  Send({.st_num = 8}, kMilli);
  EXPECT_EQ(Take().size(), 2u);
  Send({.st_num = 7}, kSecond);  // the same later is a replay
  EXPECT_TRUE(Flagged(TakeOne(), "goose-stnum-back"));
  decoder_.Finish(out_);
  EXPECT_EQ(Detail(TakeOne(), "duplicates"), "3");
}

TEST_F(GooseDecoderTest, SilenceIsOneTransaction) {
  Send({.allowed_ms = 2000});
  Take();
  EXPECT_EQ(decoder_.next_due_ns(), now_ + 2 * kSecond + 1);
  decoder_.Expire(now_ + 2 * kSecond, out_);
  EXPECT_TRUE(Take().empty());
  decoder_.Expire(now_ + 3 * kSecond, out_);
  const Transaction silence = TakeOne();
  EXPECT_EQ(silence.operation, "time_allowed_to_live_expired");
  EXPECT_EQ(silence.attack_technique, "T0804");
  decoder_.Expire(now_ + 30 * kSecond, out_);
  EXPECT_TRUE(Take().empty());
  Send({.sq_num = 1}, 31 * kSecond);
  EXPECT_TRUE(Take().empty());
}

TEST_F(GooseDecoderTest, SilencesAreLimited) {
  for (std::uint32_t i = 0; i < 200; ++i) Send({.sq_num = i, .allowed_ms = 1}, kMilli * 100);
  EXPECT_LE(Take().size(), 12u);  // the first, ten silences
  decoder_.Finish(out_);
  EXPECT_EQ(Detail(TakeOne(), "silences"), "199");
}

TEST_F(GooseDecoderTest, ASummaryAMinute) {
  for (std::uint32_t i = 0; i < 130; ++i) Send({.sq_num = i});
  const std::vector<Transaction> all = Take();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(Detail(all[1], "packets"), "60");
  EXPECT_EQ(all[2].time_ns - all[1].time_ns, 60 * kSecond);
}

TEST_F(GooseDecoderTest, OT05_MalformedFramesDoNotEndTheFlow) {
  Send({});
  Take();
  for (int i = 0; i < 1000; ++i) {
    decoder_.OnDatagram(true, test::Hex("0001 0020 0000 0000 61 05 ff"), false, now_ += kMilli,
                        out_);
  }
  EXPECT_LT(out_.anomalies.size(), 100u);
  EXPECT_EQ(out_.counters["goose.malformed"], 1000u);
  Take();
  Send({.st_num = 6});
  EXPECT_EQ(Detail(TakeOne(), "event"), "state_change");
}

TEST_F(GooseDecoderTest, OT13_ControlBlocksAreBounded) {
  for (int i = 0; i < 100; ++i) {
    Frame frame;
    frame.reference = "R" + std::to_string(i);
    Send(frame, kMilli);
  }
  EXPECT_EQ(Take().size(), GooseDecoder::kMaxBlocks);
  EXPECT_EQ(out_.counters["goose.untracked"], 100u - GooseDecoder::kMaxBlocks);
}

TEST_F(GooseDecoderTest, ManagementIsPaired) {
  using test::Ber;
  const std::string ask = Ber(
      "60", Ber("80", "07") + Ber("a1", Ber("a1", Ber("80", test::TextHex("IED1/LLN0$GO$gcb1")) +
                                                      Ber("a1", "020101 020102"))));
  const std::string answer =
      Ber("60",
          Ber("80", "07") +
              Ber("a2", Ber("a1", Ber("80", test::TextHex("IED1/LLN0$GO$gcb1")) + Ber("81", "01") +
                                      Ber("a2", Ber("a1", Ber("80", test::TextHex("a")) +
                                                              Ber("80", test::TextHex("b")))))));
  decoder_.OnDatagram(true, test::Hex(test::AppFrame("0001", ask)), false, now_, out_);
  decoder_.OnDatagram(false, test::Hex(test::AppFrame("0001", answer)), false, now_ += kMilli,
                      out_);
  const Transaction transaction = TakeOne();
  EXPECT_EQ(transaction.operation, "get_go_reference");
  EXPECT_EQ(transaction.status, TransactionStatus::kOk);
  EXPECT_EQ(Detail(transaction, "asked"), "1, 2");
  EXPECT_EQ(Detail(transaction, "result"), "a, b");
  EXPECT_EQ(transaction.attack_technique, "T0861");
}

TEST_F(GooseDecoderTest, OT12_HostileFrames) {
  Frame nested;
  nested.data = "a20ea20ca20aa208a206a204a2028300";
  test::CheckHostile(
      [] { return std::make_unique<GooseDecoder>(); },
      {Frame{}.Hex(), nested.Hex(), test::AppFrame("0001", "600a 800107 a105 a103 800141")});
}

}  // namespace
}  // namespace tapiary::capture::goose
