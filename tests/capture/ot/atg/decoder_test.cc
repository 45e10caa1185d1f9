#include "capture/ot/atg/decoder.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "tests/capture/ot/support/invariance.h"
#include "tests/capture/ot/support/recorder.h"

namespace tapiary::capture::atg {
namespace {

using test::DetailOf;

std::vector<std::uint8_t> Bytes(std::string_view text) {
  return {text.begin(), text.end()};
}

class AtgDecoderTest : public ::testing::Test {
 protected:
  Transaction Run(std::string_view request, std::string_view response) {
    decoder_.OnBytes(true, Bytes(request), now_ += test::kMilli, out_);
    if (!response.empty()) decoder_.OnBytes(false, Bytes(response), now_ += test::kMilli, out_);
    decoder_.Finish(out_);
    return out_.last();
  }
  AtgDecoder decoder_;
  test::Recorder out_;
  std::int64_t now_ = test::kStart;
};

TEST_F(AtgDecoderTest, InventoryWithAndWithoutSoh) {
  for (const std::string_view answer :
       {"\x01\r\nI20100\r\nJAN 1, 2026\r\nSTATION 1\r\n\x03", "\nI20100\n01/01/2026\nSTATION\n"}) {
    const Transaction got = Run("\x01I20100\r\n", answer);
    EXPECT_EQ(got.operation, "in_tank_inventory_report");
    EXPECT_EQ(got.status, TransactionStatus::kOk);
    EXPECT_FALSE(got.command);
    EXPECT_EQ(DetailOf(got, "function"), "I20100");
  }
  EXPECT_EQ(out_.transactions.size(), 2u);
  EXPECT_TRUE(out_.anomalies.empty());
}

TEST_F(AtgDecoderTest, LabelsSetAreFlagged) {
  const Transaction got =
      Run("\x01"
          "AB12C3S60203OWNED BY US\n",
          "\x01\r\nS60203\r\n\x03");
  EXPECT_EQ(got.operation, "set_tank_product_label");
  EXPECT_TRUE(got.command);
  EXPECT_EQ(got.attack_technique, "T0836");
  EXPECT_EQ(got.unit, 3u);
  EXPECT_EQ(DetailOf(got, "data"), "OWNED BY US");
  EXPECT_EQ(DetailOf(got, "security_code"), "AB12C3");
  EXPECT_EQ(Run("\x01S00100\n", "").attack_technique, "T0816");
}

TEST_F(AtgDecoderTest, NotUnderstoodTakesTheOldest) {
  const Transaction got = Run("\x01I99900\n", "9999FF1B");
  EXPECT_EQ(got.status, TransactionStatus::kException);
  EXPECT_EQ(got.exception, 9999u);
  EXPECT_EQ(got.code, 999);
}

TEST_F(AtgDecoderTest, OT02_EachRefusalTakesItsOwnRequest) {
  for (const std::string_view ask : {"\x01I99900\n", "\x01I99800\n", "\x01I99700\n"}) {
    decoder_.OnBytes(true, Bytes(ask), now_ += test::kMilli, out_);
  }
  for (int i = 0; i < 3; ++i) {
    decoder_.OnBytes(false,
                     Bytes("\x01"
                           "9999FF1B\r\n\x03"),
                     now_ += test::kMilli, out_);
  }
  decoder_.Finish(out_);
  ASSERT_EQ(out_.transactions.size(), 3u);
  for (int i = 0; i < 3; ++i) {
    const Transaction& got = out_.transactions[static_cast<std::size_t>(i)];
    EXPECT_EQ(got.code, 999 - i);
    EXPECT_EQ(got.status, TransactionStatus::kException);
    EXPECT_TRUE(got.anomalies.empty());
  }
}

TEST_F(AtgDecoderTest, TelnetNegotiationIsNotACommand) {
  const Transaction got = Run("\xff\xf4\xff\xfd\x06\x01I20200", "");
  EXPECT_EQ(got.operation, "in_tank_delivery_report");
  EXPECT_EQ(out_.transactions.size(), 1u);
}

TEST_F(AtgDecoderTest, OT07_LongLinesAndGarbageAreBounded) {
  std::string text = "\x01S60201" + std::string(100000, 'x');
  decoder_.OnBytes(true, Bytes(text), now_, out_);
  decoder_.OnBytes(false, Bytes(text), now_, out_);
  decoder_.OnBytes(true, Bytes("\x01quux quux\n"), now_, out_);
  decoder_.Finish(out_);
  ASSERT_EQ(out_.transactions.size(), 1u);
  EXPECT_LE(DetailOf(out_.transactions[0], "data").size(), 256u);
  EXPECT_FALSE(out_.anomalies.empty());
}

TEST(AtgStream, OT01_OT02_OT04_OT08_OT12_TheSameFacts) {
  test::Conversation talk;
  talk.server_port = 10001;
  talk.Add(true, Bytes("\x01I20100\r\n")).Add(false, Bytes("\nI20100\nJAN 1\nSTATION\n\x03"));
  talk.Add(true, Bytes("\x01I20500\r\n")).Add(false, Bytes("\nI20500\nJAN 1\nSTATION\n\x03"));
  talk.Add(true, Bytes("\x01S60201SUPER\n")).Add(false, Bytes("\nS60201\n\x03"));
  talk.Add(true, Bytes("\x01I90200\n")).Add(false, Bytes("\nI90200\nVER 1\n\x03"));
  test::CheckCuts(talk);
  test::CheckRepeatsAndOrder(talk);
  test::CheckOneSided(talk);
  test::CheckGaps(talk);
  test::CheckMidStream(talk);
  test::CheckSnapLengths(talk);
}

}  // namespace
}  // namespace tapiary::capture::atg
