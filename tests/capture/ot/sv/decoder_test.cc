#include "capture/ot/sv/decoder.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "capture/ot/sv/register.h"
#include "tests/capture/ot/layer2/collector.h"

namespace tapiary::capture::sv {
namespace {

using test::Ber;
using test::Detail;
using test::Flagged;

struct Sample {
  std::uint16_t count = 0;
  const char* id = "MU01";
  const char* synch = "02";
  const char* conf_rev = "00000001";
};

std::string Asdu(const Sample& sample) {
  return Ber("30", Ber("80", test::TextHex(sample.id)) +
                       Ber("82", test::HexOf({static_cast<std::uint8_t>(sample.count >> 8),
                                              static_cast<std::uint8_t>(sample.count)})) +
                       Ber("83", sample.conf_rev) + Ber("85", sample.synch) +
                       Ber("87", std::string(128, '0')));
}

std::string Frame(const std::string& asdus, const char* number = "01",
                  const char* reserved = "00000000") {
  return test::AppFrame("4001", Ber("60", Ber("80", number) + Ber("a2", asdus)), reserved);
}

class SvDecoderTest : public ::testing::Test {
 protected:
  void Send(const std::string& hex) {
    decoder_.OnDatagram(true, test::Hex(hex), false, now_ += test::kMilli, out_);
  }
  std::vector<Transaction> Take() { return std::exchange(out_.transactions, {}); }
  Transaction Summary() {
    decoder_.Finish(out_);
    return Take().back();
  }
  SvDecoder decoder_;
  test::Collector out_;
  std::int64_t now_ = test::kStart;
};

TEST_F(SvDecoderTest, TurnsOfTheCounterAreNoGaps) {
  for (int turn = 0; turn < 3; ++turn) {
    for (std::uint16_t i = 0; i < 4000; ++i) Send(Frame(Asdu({i})));
  }
  ASSERT_EQ(Take().size(), 1u);  // first seen
  const Transaction summary = Summary();
  EXPECT_EQ(summary.operation, "sv_summary");
  EXPECT_EQ(Detail(summary, "asdus"), "12000");
  EXPECT_EQ(Detail(summary, "missing"), "0");
  EXPECT_TRUE(summary.anomalies.empty());
  EXPECT_EQ(out_.counters["sv.packets"], 12000u);
}

TEST_F(SvDecoderTest, GapsDuplicatesAndSteppingBack) {
  constexpr std::uint16_t kCounts[] = {1000, 1001, 1005, 1005, 1006, 900};
  for (const std::uint16_t count : kCounts) Send(Frame(Asdu({count})));
  const Transaction summary = Summary();
  EXPECT_EQ(Detail(summary, "missing"), "3");
  EXPECT_EQ(Detail(summary, "duplicates"), "1");
  EXPECT_EQ(Detail(summary, "backward"), "1");
  EXPECT_TRUE(Flagged(summary, "sv-smpcnt-gap"));
  EXPECT_TRUE(Flagged(summary, "sv-smpcnt-duplicate"));
  EXPECT_TRUE(Flagged(summary, "sv-smpcnt-back"));
}

TEST_F(SvDecoderTest, ALossAcrossTheTurnIsSeen) {
  for (std::uint16_t i = 0; i < 4000; ++i) Send(Frame(Asdu({i})));
  for (std::uint16_t i = 0; i < 3990; ++i) Send(Frame(Asdu({i})));
  for (std::uint16_t i = 5; i < 20; ++i) Send(Frame(Asdu({i})));
  EXPECT_EQ(Detail(Summary(), "missing"), "15");
}

TEST_F(SvDecoderTest, SettingsThatChangeAreTransactions) {
  Send(Frame(Asdu({1})));
  Send(Frame(Asdu({.count = 2, .synch = "00"})));
  Send(Frame(Asdu({.count = 3, .synch = "00", .conf_rev = "00000002"})));
  Send(Frame(Asdu({.count = 4, .synch = "00", .conf_rev = "00000002"}), "01", "80000000"));
  const std::vector<Transaction> all = Take();
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].operation, "send_msv_message");
  EXPECT_EQ(all[0].unit, 0x4001u);
  EXPECT_TRUE(Flagged(all[1], "sv-synchronisation-lost"));
  EXPECT_TRUE(Flagged(all[2], "sv-confrev-change"));
  EXPECT_TRUE(Flagged(all[3], "sv-simulation"));
  EXPECT_EQ(all[3].attack_technique, "T0856");
}

TEST_F(SvDecoderTest, OT11_NumberOfAsdusIsNotBelieved) {
  std::string many;
  for (std::uint16_t i = 0; i < 40; ++i) many += Asdu({i});
  Send(Frame(many, "28"));
  Send(Frame(Asdu({1}), "7f"));
  EXPECT_EQ(out_.counters["sv.malformed"], 2u);
  EXPECT_EQ(out_.counters["sv.asdus"], kMaxAsdus + 1);
}

TEST_F(SvDecoderTest, OT13_StreamsAndChangesAreBounded) {
  for (int i = 0; i < 100; ++i) Send(Frame(Asdu({.id = std::to_string(i).c_str()})));
  EXPECT_EQ(Take().size(), SvDecoder::kMaxStreams);
  for (std::uint16_t i = 0; i < 500; ++i) {
    Send(Frame(Asdu({.count = i, .id = "0", .synch = i % 2 == 0 ? "00" : "02"})));
  }
  EXPECT_LE(Take().size(), 100u);
  EXPECT_LT(out_.anomalies.size(), 100u);
}

TEST_F(SvDecoderTest, OT12_HostileFrames) {
  test::CheckHostile([] { return std::make_unique<SvDecoder>(); },
                     {Frame(Asdu({1}) + Asdu({2}), "02")});
}

TEST(SvRegister, OnlySampledValues) {
  const auto judge = [](const std::string& hex) {
    const std::vector<std::uint8_t> bytes = test::Hex(hex);
    OtGuess guess;
    guess.bytes[0] = bytes;
    return Recognise(guess).verdict;
  };
  EXPECT_EQ(judge(Frame(Asdu({1}))), OtVerdict::kYes);
  EXPECT_EQ(judge("4001 0010 0000 0000 6100"), OtVerdict::kNo);
  EXPECT_EQ(judge("4001 0002"), OtVerdict::kNo);
}

}  // namespace
}  // namespace tapiary::capture::sv
