#include "capture/ot/enip/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "capture/ot/detail.h"
#include "tests/capture/ot/enip/messages.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::enip {
namespace {

using test::Encapsulated;
using test::ForwardOpen;
using test::ForwardOpenReply;
using test::Hex;
using test::Multiple;
using test::RrData;
using test::UnitData;

struct Collector final : OtOutput {
  void Emit(Transaction&& transaction) override { transactions.push_back(std::move(transaction)); }
  void Anomaly(std::string_view name) override { ++anomalies[std::string(name)]; }
  void Count(std::string_view name, std::uint64_t add) override {
    counts[std::string(name)] += add;
  }
  std::vector<Transaction> transactions;
  std::map<std::string, std::uint64_t> anomalies, counts;
};

class EnipDecoderTest : public ::testing::Test {
 protected:
  void Ask(const std::string& hex) { decoder_.OnBytes(true, Hex(hex), now_ += test::kMilli, out_); }
  void Answer(const std::string& hex) {
    decoder_.OnBytes(false, Hex(hex), now_ += test::kMilli, out_);
  }
  [[nodiscard]] std::size_t Count(TransactionStatus status) const {
    return static_cast<std::size_t>(
        std::count_if(out_.transactions.begin(), out_.transactions.end(),
                      [status](const Transaction& t) { return t.status == status; }));
  }
  static bool Flagged(const Transaction& t, std::string_view anomaly) {
    return std::find(t.anomalies.begin(), t.anomalies.end(), anomaly) != t.anomalies.end();
  }
  EnipDecoder decoder_;
  Collector out_;
  std::int64_t now_ = test::kStart;
};

const std::string kRead = "0e 03 20 01 24 01 30 07";

TEST_F(EnipDecoderTest, OT02_RepliesPairByContext) {
  for (std::uint8_t i = 0; i < 8; ++i) {
    Ask(RrData(i, "0e 03 20 04 24 0" + std::to_string(i) + " 30 03"));
  }
  for (const int i : {3, 0, 7, 1, 6, 2, 5, 4}) {
    Answer(RrData(static_cast<std::uint64_t>(i), "8e 00 00 00 0" + std::to_string(i)));
  }
  ASSERT_EQ(out_.transactions.size(), 8u);
  for (const Transaction& t : out_.transactions) {
    EXPECT_EQ(t.values, std::vector<std::int64_t>{*FindNumber(t, "instance")});
  }
}

TEST_F(EnipDecoderTest, OT04_ConnectionsNotSeenOpeningAreDecodedAndPaired) {
  Ask(UnitData(100, 7, kRead));
  Ask(UnitData(101, 8, kRead));
  Answer(UnitData(201, 8, "8e 00 00 00 01 42"));
  Answer(UnitData(200, 7, "8e 00 00 00 01 41"));
  ASSERT_EQ(Count(TransactionStatus::kOk), 2u);
  EXPECT_EQ(*FindDetail(out_.transactions[0], "product_name"), "B");
  EXPECT_EQ(*FindDetail(out_.transactions[0], "connection_id"), "0x00000065");
  EXPECT_EQ(*FindDetail(out_.transactions[1], "product_name"), "A");
}

TEST_F(EnipDecoderTest, ForwardOpenTellsWhatConnectedDataIs) {
  Ask(RrData(1, ForwardOpen(20, 300, "01")));
  Answer(RrData(1, ForwardOpenReply(20, 400, 300)));
  Ask(UnitData(400, 1, kRead));  // looks like CIP and is I/O
  EXPECT_EQ(out_.transactions.size(), 1u);
  EXPECT_EQ(out_.counts["enip.connected_data"], 1u);
  EXPECT_TRUE(out_.transactions[0].command);
  Ask(RrData(2, ForwardOpen(21, 301)));
  Answer(RrData(2, ForwardOpenReply(21, 401, 301)));
  Ask(UnitData(401, 1, "0e ff 20 01"));  // does not look like CIP and is, by the Forward Open
  decoder_.Finish(out_);
  EXPECT_TRUE(Flagged(out_.transactions.back(), "cip-path"));
}

TEST_F(EnipDecoderTest, OT11_ARefusedPacketRefusesItsMessages) {
  Ask(RrData(1, Multiple("0a 02 20 02 24 01", {kRead, kRead})));
  Answer(RrData(1, "8a 00 11 00"));
  ASSERT_EQ(out_.transactions.size(), 3u);
  for (const Transaction& t : out_.transactions) EXPECT_EQ(t.exception, 17u);
}

TEST_F(EnipDecoderTest, StatusOfTheEncapsulationIsAnException) {
  Ask(RrData(1, kRead));
  Answer(Encapsulated(0x6f, 0x11020100, 1, "", 0x64));
  ASSERT_EQ(out_.transactions.size(), 1u);
  EXPECT_EQ(out_.transactions[0].operation, "get_attribute_single");
  EXPECT_EQ(out_.transactions[0].exception, 0x64u);
  EXPECT_EQ(*FindDetail(out_.transactions[0], "status_name"), "invalid_session");
  Ask(Encapsulated(0x0099, 0, 5, ""));
  Answer(Encapsulated(0x0099, 0, 5, "", 1));
  EXPECT_EQ(out_.transactions[1].operation, "unknown_command");
  EXPECT_EQ(out_.transactions[1].exception, 1u);
  EXPECT_FALSE(out_.transactions[1].command);
}

TEST_F(EnipDecoderTest, UnansweredBroadcastAndItsAnswers) {
  decoder_.OnDatagram(true, Hex(Encapsulated(0x63, 0, 0, "")), false, now_, out_);
  decoder_.Expire(now_ + 20 * test::kSecond, out_);
  ASSERT_EQ(out_.transactions.size(), 1u);
  EXPECT_EQ(out_.transactions[0].status, TransactionStatus::kNoReply);
  EXPECT_EQ(out_.transactions[0].attack_technique, "T0846");
  EXPECT_FALSE(out_.transactions[0].command);
}

TEST_F(EnipDecoderTest, MessagesWithoutUseAreNamed) {
  Ask(Encapsulated(0x6f, 1, 1, "00000000 0000 0100 0000 0000"));
  EXPECT_TRUE(Flagged(out_.transactions.back(), "enip-items"));
  Ask(Encapsulated(0x6f, 1, 1, "00000000 0000 0200 0000 0000 b200 ff00 0e 03 20 01 24 01 30 07"));
  EXPECT_EQ(out_.anomalies["enip-item-length"], 1u);
  Ask(Encapsulated(0x66, 1, 1, ""));
  EXPECT_EQ(out_.transactions.back().operation, "unregister_session");
  Ask(Encapsulated(0, 0, 0, ""));
  EXPECT_EQ(out_.counts["enip.to_server.nop"], 1u);
  Answer(RrData(9, kRead));
  decoder_.Finish(out_);
  EXPECT_TRUE(Flagged(out_.transactions.back(), "cip-request-from-server"));
}

TEST_F(EnipDecoderTest, OT12_AnyByteFlippedCostsOneMessageAtMost) {
  const std::vector<std::uint8_t> good =
      Hex(RrData(1, Multiple("0a 02 20 02 24 01", {kRead, ForwardOpen(1, 2)})));
  const std::vector<std::uint8_t> next = Hex(RrData(2, kRead));
  for (std::size_t at = 0; at < good.size(); ++at) {
    for (const int flip : {0x01, 0x10, 0x80, 0xff}) {
      std::vector<std::uint8_t> bytes = good;
      bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ flip);
      EnipDecoder decoder;
      Collector out;
      decoder.OnBytes(true, bytes, now_, out);
      decoder.OnBytes(true, next, now_, out);
      decoder.Finish(out);
      EXPECT_LE(out.transactions.size(), 8u);
      // A length byte may hide what follows until its bytes have passed.
      if (at == 2 || at == 3) continue;
      EXPECT_EQ(out.transactions.back().operation, "get_attribute_single") << at;
    }
  }
}

TEST_F(EnipDecoderTest, OT13_TwentyThousandUnansweredRequests) {
  std::size_t counted = 0;
  for (std::uint32_t i = 0; i < 20000; ++i) {
    decoder_.OnBytes(true, Hex(UnitData(i, static_cast<std::uint16_t>(i), kRead)), now_, out_);
    if (out_.transactions.size() > 1000) {
      counted += out_.transactions.size();
      out_.transactions.clear();
    }
  }
  decoder_.Finish(out_);
  EXPECT_EQ(counted + out_.transactions.size(), 20000u);
}

}  // namespace
}  // namespace tapiary::capture::enip
