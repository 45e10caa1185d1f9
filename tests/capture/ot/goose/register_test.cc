#include "capture/ot/goose/register.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/goose/goose_frames.h"
#include "tests/capture/ot/support/conversation.h"

namespace tapiary::capture::goose {
namespace {

OtVerdict Verdict(const std::string& hex) {
  const std::vector<std::uint8_t> bytes = test::Hex(hex);
  OtGuess guess;
  guess.bytes[1] = bytes;
  guess.datagram = true;
  guess.ether_type = 0x88b8;
  const OtRecognition recognition = Recognise(guess);
  if (recognition.verdict == OtVerdict::kYes) {
    EXPECT_EQ(recognition.client_side, 1);
  }
  return recognition.verdict;
}

TEST(GooseRegister, OnlyGoose) {
  EXPECT_EQ(Verdict(Frame{}.Hex()), OtVerdict::kYes);
  EXPECT_EQ(Verdict("0001 0010 0000 0000 6000 0000"), OtVerdict::kNo);
  EXPECT_EQ(Verdict("0001 0004 0000 0000 61"), OtVerdict::kNo);
  EXPECT_EQ(Verdict("4745 5420 2f20 4854 5450"), OtVerdict::kNo);
  EXPECT_EQ(Verdict(""), OtVerdict::kNo);
}

// OT-14: through the whole meter, the publisher is the originator.
TEST(GooseRegister, OT14_ThroughTheMeter) {
  test::Conversation talk;
  talk.carrier = test::Carrier::kEther;
  talk.ether_type = 0x88b8;
  talk.client_mac = "02:00:00:00:00:09";
  talk.server_mac = "01:0c:cd:01:00:01";
  for (std::uint32_t i = 0; i < 5; ++i) talk.Client(Frame{.sq_num = i}.Hex());
  talk.Client(Frame{.st_num = 6}.Hex());
  const test::MeterRun run = test::Deliver(talk, test::WholeMessages(talk));
  ASSERT_EQ(run.records.flows.size(), 1u);
  EXPECT_EQ(run.records.flows[0].service, "goose");
  ASSERT_EQ(run.records.transactions.size(), 3u);
  for (const Transaction& transaction : run.records.transactions) {
    EXPECT_EQ(FormatMac(transaction.orig_mac), talk.client_mac);
    EXPECT_EQ(FormatMac(transaction.resp_mac), talk.server_mac);
  }
}

}  // namespace
}  // namespace tapiary::capture::goose
