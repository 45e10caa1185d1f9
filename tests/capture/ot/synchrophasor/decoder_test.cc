#include "capture/ot/synchrophasor/decoder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/capture/ot/synchrophasor/frames.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::synchrophasor {
namespace {

using test::Octets;

struct Collector final : OtOutput {
  void Emit(Transaction&& transaction) override { transactions.push_back(std::move(transaction)); }
  void Anomaly(std::string_view name) override { anomalies.emplace_back(name); }
  void Count(std::string_view name, std::uint64_t) override { counted.emplace_back(name); }
  std::vector<Transaction> transactions;
  std::vector<std::string> anomalies;
  std::vector<std::string> counted;
};

std::string Detail(const Transaction& transaction, std::string_view key) {
  for (const auto& [name, text] : transaction.detail) {
    if (name == key) return text;
  }
  return {};
}

class SynchrophasorDecoderTest : public ::testing::Test {
 protected:
  void Send(bool from_client, const Octets& bytes) {
    decoder_.OnDatagram(from_client, bytes, false, now_ += capture::test::kMilli, out_);
  }
  SynchrophasorDecoder decoder_;
  Collector out_;
  std::int64_t now_ = capture::test::kStart;
};

TEST_F(SynchrophasorDecoderTest, ConfigurationAnswersItsCommand) {
  Send(true, test::Command(5));
  Send(false, test::Configuration());
  ASSERT_EQ(out_.transactions.size(), 1u);
  const Transaction& t = out_.transactions[0];
  EXPECT_EQ(t.operation, "send_configuration_2");
  EXPECT_EQ(t.unit, 60u);
  EXPECT_EQ(t.status, TransactionStatus::kOk);
  EXPECT_EQ(Detail(t, "station_names"), "PMU1");
  EXPECT_EQ(Detail(t, "data_rate"), "50");
  EXPECT_FALSE(t.command);
}

TEST_F(SynchrophasorDecoderTest, DataOffIsACommandAndDataIsCounted) {
  Send(true, test::Command(1));
  for (int i = 0; i < 5; ++i) Send(false, test::Frame(0, "0000"));
  ASSERT_EQ(out_.transactions.size(), 1u);
  EXPECT_EQ(out_.transactions[0].operation, "data_transmission_off");
  EXPECT_TRUE(out_.transactions[0].command);
  EXPECT_EQ(out_.transactions[0].attack_technique, "T0804");
  EXPECT_EQ(std::count(out_.counted.begin(), out_.counted.end(), "synchrophasor.data_frames"), 5);
}

TEST_F(SynchrophasorDecoderTest, ConfigurationThatNobodyAskedFor) {
  Send(false, test::Configuration());
  decoder_.Finish(out_);
  ASSERT_EQ(out_.transactions.size(), 1u);
  EXPECT_EQ(out_.transactions[0].status, TransactionStatus::kUnsolicited);
  EXPECT_EQ(out_.transactions[0].operation, "configuration_2");
}

TEST_F(SynchrophasorDecoderTest, OT12_DamagedFramesAndHostileCounts) {
  Octets bad = test::Command(1);
  bad[15] ^= 1;
  Send(true, bad);
  EXPECT_EQ(out_.anomalies, std::vector<std::string>{"synchrophasor-crc"});
  Send(false, test::Frame(3, "000f4240 ffff 504d5531"));
  Send(false, test::Frame(2, ""));
  Send(false, test::Frame(5, "00"));
  decoder_.Finish(out_);
  ASSERT_EQ(out_.transactions.size(), 3u);
  EXPECT_EQ(Detail(out_.transactions[0], "stations"), "65535");
  EXPECT_EQ(out_.transactions[0].anomalies, std::vector<std::string>{"synchrophasor-stations"});
}

}  // namespace
}  // namespace tapiary::capture::synchrophasor
