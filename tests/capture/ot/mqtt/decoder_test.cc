#include "capture/ot/mqtt/decoder.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/support/invariance.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::mqtt {
namespace {

// Client "dev", user "op", password "pw".
constexpr char kConnectHex[] = "1017 00044d515454 04 c2 003c 0003646576 00026f70 00027077";

test::Conversation Talk() {
  test::Conversation talk;
  talk.server_port = 1883;
  talk.Client(kConnectHex).Server("20020000");
  talk.Client("8208 000a 0003612f62 00").Server("9003000a00");
  talk.Client("3009 0003612f62 6f70656e").Server("3009 0003612f62 6f70656e");
  talk.Client("c000").Server("d000");
  talk.Client("320b 0003612f62 0007 73746f70").Server("40020007");
  return talk;
}

const Transaction* Find(const test::MeterRun& run, std::string_view operation) {
  for (const Transaction& t : run.records.transactions) {
    if (t.operation == operation) return &t;
  }
  return nullptr;
}

std::string Detail(const Transaction& transaction, std::string_view key) {
  for (const auto& [name, text] : transaction.detail) {
    if (name == key) return text;
  }
  return "-";
}

TEST(MqttDecoder, ConnectShowsWhoAndPublishWhat) {
  const test::MeterRun run = test::Deliver(Talk(), test::WholeMessages(Talk()));
  const Transaction* const connect = Find(run, "connect");
  const Transaction* const publish = Find(run, "publish");
  ASSERT_TRUE(connect != nullptr && publish != nullptr);
  EXPECT_EQ(Detail(*connect, "client_id"), "dev");
  EXPECT_EQ(Detail(*connect, "user"), "op");
  EXPECT_EQ(Detail(*connect, "password"), "pw");
  EXPECT_EQ(connect->status, TransactionStatus::kOk);
  EXPECT_EQ(Detail(*publish, "topic"), "a/b");
  EXPECT_EQ(Detail(*publish, "payload"), "open");
  EXPECT_EQ(publish->quantity, 4u);
  EXPECT_TRUE(publish->command);
  EXPECT_EQ(publish->attack_technique, "T0855");
}

TEST(MqttDecoder, ARefusedConnectIsAnException) {
  test::Conversation talk;
  talk.server_port = 1883;
  talk.Client(kConnectHex).Server("20020005");
  const test::MeterRun run = test::Deliver(talk, test::WholeMessages(talk));
  ASSERT_EQ(run.records.transactions.size(), 1u);
  EXPECT_EQ(run.records.transactions[0].status, TransactionStatus::kException);
  EXPECT_EQ(run.records.transactions[0].exception, 5u);
}

TEST(MqttDecoder, OT01_AnyCutGivesTheSameFacts) {
  test::CheckCuts(Talk());
}
TEST(MqttDecoder, OT02_RepeatsAndWrongOrder) {
  test::CheckRepeatsAndOrder(Talk());
}
TEST(MqttDecoder, OT12_CapturedShort) {
  test::CheckSnapLengths(Talk());
}

TEST(MqttDecoder, OT12_AnyFlippedByteIsBounded) {
  struct Sink final : OtOutput {
    void Emit(Transaction&& t) override {
      ++count;
      for (const auto& entry : t.detail) EXPECT_LE(entry.second.size(), 256u);
    }
    void Anomaly(std::string_view) override {}
    void Count(std::string_view, std::uint64_t) override {}
    int count = 0;
  };
  for (const test::Message& message : Talk().messages) {
    for (std::size_t i = 0; i < message.bytes.size() * 256; ++i) {
      std::vector<std::uint8_t> wrong = message.bytes;
      wrong[i / 256] = static_cast<std::uint8_t>(i);
      MqttDecoder decoder;
      Sink sink;
      decoder.OnBytes(message.from_client, wrong, test::kStart, sink);
      decoder.Finish(sink);
      ASSERT_LE(sink.count, 8);
    }
  }
}

}  // namespace
}  // namespace tapiary::capture::mqtt
