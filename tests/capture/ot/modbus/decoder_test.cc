#include "capture/ot/modbus/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "base/text.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::modbus {
namespace {

using test::Adu;
using test::Hex;
using test::kMilli;
using test::kSecond;

struct Collector final : OtOutput {
  void Emit(Transaction&& transaction) override { transactions.push_back(std::move(transaction)); }
  void Anomaly(std::string_view name) override { anomalies.emplace_back(name); }
  void Count(std::string_view, std::uint64_t) override {}
  std::vector<Transaction> transactions;
  std::vector<std::string> anomalies;
};

class ModbusDecoderTest : public ::testing::Test {
 protected:
  void Ask(const std::string& hex) { decoder_.OnBytes(true, Hex(hex), now_ += kMilli, out_); }
  void Answer(const std::string& hex) { decoder_.OnBytes(false, Hex(hex), now_ += kMilli, out_); }
  [[nodiscard]] std::size_t Count(TransactionStatus status) const {
    return static_cast<std::size_t>(
        std::count_if(out_.transactions.begin(), out_.transactions.end(),
                      [status](const Transaction& t) { return t.status == status; }));
  }
  [[nodiscard]] bool Flagged(std::string_view anomaly) const {
    const auto& last = out_.transactions.back().anomalies;
    return std::find(last.begin(), last.end(), anomaly) != last.end();
  }
  ModbusDecoder decoder_;
  Collector out_;
  std::int64_t now_ = test::kStart;
  std::size_t counted_ = 0;
};

std::string Read(std::uint16_t id, std::uint8_t unit, std::uint8_t address) {
  return Adu(id, unit, "0300" + base::ToHex(base::Bytes(&address, 1)) + "0001");
}

TEST_F(ModbusDecoderTest, OT02_ShuffledMissingAndLateReplies) {
  for (std::uint16_t i = 0; i < 10; ++i) {
    Ask(Read(static_cast<std::uint16_t>(65530 + i), 1, static_cast<std::uint8_t>(i)));
  }
  // 3 never comes, 7 is late.
  for (const int i : {9, 0, 5, 1, 8, 2, 6, 4}) {
    Answer(Adu(static_cast<std::uint16_t>(65530 + i), 1, "0302000" + std::to_string(i)));
  }
  EXPECT_EQ(Count(TransactionStatus::kOk), 8u);
  now_ += 30 * kSecond;
  Answer(Adu(static_cast<std::uint16_t>(65530 + 7), 1, "03020007"));
  EXPECT_EQ(Count(TransactionStatus::kNoReply), 2u);
  EXPECT_EQ(Count(TransactionStatus::kUnsolicited), 1u);
  EXPECT_TRUE(Flagged("late-reply"));
  for (const Transaction& transaction : out_.transactions) {
    if (transaction.status != TransactionStatus::kOk) continue;
    ASSERT_EQ(transaction.values.size(), 1u);
    EXPECT_EQ(static_cast<std::int64_t>(*transaction.address), transaction.values[0]);
    EXPECT_EQ(transaction.quantity, 1u);
  }
}

TEST_F(ModbusDecoderTest, OT02_RepeatedIdsPairOldestFirst) {
  Ask(Read(0, 1, 1));
  Ask(Read(0, 1, 2));
  Answer(Adu(0, 1, "03020001"));
  Answer(Adu(0, 1, "03020002"));
  ASSERT_EQ(out_.transactions.size(), 2u);
  EXPECT_EQ(out_.transactions[0].address, 1u);
  EXPECT_EQ(out_.transactions[1].address, 2u);
}

TEST_F(ModbusDecoderTest, OT03_UnitsAreApart) {
  const std::uint8_t units[] = {0, 1, 247, 255};
  for (const std::uint8_t unit : units) Ask(Read(5, unit, unit));
  for (const int unit : {255, 0, 247, 1}) {
    Answer(Adu(5, static_cast<std::uint8_t>(unit), "03020001"));
  }
  ASSERT_EQ(out_.transactions.size(), 4u);
  for (const Transaction& transaction : out_.transactions) {
    EXPECT_EQ(transaction.unit, *transaction.address);
    EXPECT_TRUE(transaction.anomalies.empty());
  }
}

TEST_F(ModbusDecoderTest, OT03_ReplyOfAnotherUnitIsPairedAndFlagged) {
  Ask(Read(5, 1, 1));
  Answer(Adu(5, 2, "03020001"));
  ASSERT_EQ(out_.transactions.size(), 1u);
  EXPECT_EQ(out_.transactions[0].status, TransactionStatus::kOk);
  EXPECT_EQ(out_.transactions[0].unit, 1u);
  EXPECT_TRUE(Flagged("modbus-unit-mismatch"));
}

TEST_F(ModbusDecoderTest, SecondReplyIsAnAnomaly) {
  Ask(Read(5, 1, 1));
  Answer(Adu(5, 1, "03020001"));
  Answer(Adu(5, 1, "0302ffff"));
  ASSERT_EQ(out_.transactions.size(), 2u);
  EXPECT_EQ(out_.transactions[1].status, TransactionStatus::kUnsolicited);
  EXPECT_TRUE(Flagged("duplicate-reply"));
}

TEST_F(ModbusDecoderTest, OT04_ReplyThatTheMirrorDeliversFirstIsPaired) {
  Answer(Adu(5, 1, "03020007"));
  Ask(Read(5, 1, 1));
  ASSERT_EQ(out_.transactions.size(), 1u);
  EXPECT_EQ(out_.transactions[0].status, TransactionStatus::kOk);
  EXPECT_EQ(out_.transactions[0].values, std::vector<std::int64_t>{7});
  EXPECT_TRUE(Flagged("reply-before-request"));
  EXPECT_FALSE(out_.transactions[0].latency_ns.has_value());
}

TEST_F(ModbusDecoderTest, UnsolicitedAfterItsGrace) {
  Answer(Adu(5, 1, "03020007"));
  EXPECT_EQ(decoder_.next_due_ns(), now_ + 10 * kMilli);
  decoder_.Expire(now_ + kSecond, out_);
  EXPECT_EQ(Count(TransactionStatus::kUnsolicited), 1u);
  EXPECT_EQ(decoder_.next_due_ns(), INT64_MAX);
}

TEST_F(ModbusDecoderTest, LatencyIsFirstByteToLastByte) {
  const std::string request = Read(1, 1, 1);
  Ask(request.substr(0, 10));
  const std::int64_t first = now_;
  Ask(request.substr(10));
  const std::string response = Adu(1, 1, "03020001");
  Answer(response.substr(0, 10));
  Answer(response.substr(10));
  ASSERT_EQ(out_.transactions.size(), 1u);
  EXPECT_EQ(out_.transactions[0].time_ns, first);
  EXPECT_EQ(out_.transactions[0].latency_ns, now_ - first);
}

TEST_F(ModbusDecoderTest, OT13_HundredThousandUnansweredRequests) {
  const auto start = std::chrono::steady_clock::now();
  for (std::uint32_t i = 0; i < 100000; ++i) {
    decoder_.OnBytes(true, Hex(Read(static_cast<std::uint16_t>(i), 1, 1)), now_, out_);
    if (out_.transactions.size() > 1000) {
      counted_ += out_.transactions.size();
      out_.transactions.clear();
    }
  }
  decoder_.Finish(out_);
  EXPECT_EQ(counted_ + out_.transactions.size(), 100000u);
  // Quadratic work would take minutes; the bound leaves room for a busy machine.
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

}  // namespace
}  // namespace tapiary::capture::modbus
