#include "capture/ot/exchange.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tapiary::capture {
namespace {

constexpr std::int64_t kMilli = base::kNanosPerMilli;

struct Sink final : OtOutput {
  void Emit(Transaction&& transaction) override { out.push_back(std::move(transaction)); }
  void Anomaly(std::string_view) override {}
  void Count(std::string_view, std::uint64_t) override {}
  std::vector<Transaction> out;
};

// Puts the response's bytes into the detail and tells whether there was a request.
struct Handler final : Exchange::Handler {
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override {
    out.detail.emplace_back(has_request ? "answer" : "alone",
                            std::string(response.pdu.begin(), response.pdu.end()));
    if (has_request) return;
    out.command = true;
    out.attack_technique = "T0855";
  }
};

class ExchangeTest : public ::testing::Test {
 protected:
  void Ask(std::uint64_t key, std::int64_t time_ns, std::uint32_t kind = 1) {
    Transaction request;
    request.protocol = "p";
    request.code = static_cast<std::int32_t>(key);
    request.time_ns = time_ns;
    exchange_.OnRequest(key, key & 0xff, kind, std::move(request), sink_);
  }
  void Answer(std::uint64_t key, std::int64_t time_ns, std::uint32_t kind = 1) {
    bytes_.assign({'r', static_cast<std::uint8_t>('0' + key % 10)});
    OtResponse response;
    response.key = key;
    response.loose_key = key & 0xff;
    response.kind = kind;
    response.pdu = bytes_;
    response.first_ns = response.last_ns = time_ns;
    exchange_.OnResponse(response, sink_);
    bytes_.assign({0, 0});  // what the caller gave is gone after the call
  }
  Handler handler_;
  Exchange exchange_{"p", handler_};
  Sink sink_;
  std::vector<std::uint8_t> bytes_;
};

TEST_F(ExchangeTest, OT02_OutOfOrderAnswersFindTheirRequests) {
  for (std::uint64_t key = 1; key <= 3; ++key) Ask(key, 100 * static_cast<std::int64_t>(key));
  for (const std::uint64_t key : {3, 1, 2}) Answer(key, 1000);
  ASSERT_EQ(sink_.out.size(), 3u);
  EXPECT_EQ(sink_.out[0].code, 3);
  EXPECT_EQ(sink_.out[0].detail[0].second, "r3");
  EXPECT_EQ(sink_.out[1].latency_ns, 900);
  EXPECT_EQ(exchange_.next_due_ns(), INT64_MAX);
}

TEST_F(ExchangeTest, OT04_AnswerBeforeItsRequestWaitsForOneOfItsKind) {
  Answer(1, 100, 7);
  EXPECT_TRUE(sink_.out.empty());
  Ask(1, 101, 8);
  EXPECT_TRUE(sink_.out.empty());
  Ask(1, 102, 7);
  ASSERT_EQ(sink_.out.size(), 1u);
  EXPECT_EQ(sink_.out[0].detail[0], std::pair(std::string("answer"), std::string("r1")));
  EXPECT_EQ(sink_.out[0].anomalies, std::vector<std::string>{"reply-before-request"});
  EXPECT_FALSE(sink_.out[0].latency_ns.has_value());
}

TEST_F(ExchangeTest, OT13_GivenUpRequestsAreNamed) {
  for (std::uint64_t key = 1; key <= 3; ++key) Ask(key, 100);
  Answer(9, 100);
  const std::size_t before = exchange_.held_bytes();
  EXPECT_TRUE(exchange_.GiveUpOldest(sink_));
  ASSERT_EQ(sink_.out.size(), 1u);
  EXPECT_EQ(sink_.out[0].code, 1);
  EXPECT_EQ(sink_.out[0].status, TransactionStatus::kNoReply);
  EXPECT_EQ(sink_.out[0].anomalies, std::vector<std::string>{"pending-limit"});
  Answer(1, 101);  // its response came after all
  ASSERT_EQ(sink_.out.size(), 2u);
  EXPECT_EQ(sink_.out[1].anomalies, std::vector<std::string>{"late-reply"});
  Answer(3, 102);
  EXPECT_EQ(sink_.out[2].status, TransactionStatus::kOk);
  EXPECT_TRUE(exchange_.GiveUpOldest(sink_));
  EXPECT_EQ(sink_.out[3].code, 2);
  EXPECT_TRUE(exchange_.GiveUpOldest(sink_));  // the response without request
  EXPECT_EQ(sink_.out[4].status, TransactionStatus::kUnsolicited);
  EXPECT_FALSE(exchange_.GiveUpOldest(sink_));
  EXPECT_LT(exchange_.held_bytes(), before);
}

TEST_F(ExchangeTest, OT13_TheOldestOfTooManyIsNamed) {
  for (std::uint64_t key = 0; key <= PendingTable::kMaxPending; ++key) Ask(key + 1, 100);
  ASSERT_EQ(sink_.out.size(), 1u);
  EXPECT_EQ(sink_.out[0].anomalies, std::vector<std::string>{"pending-limit"});
}

TEST_F(ExchangeTest, AnswerWithoutRequestIsUnsolicited) {
  Answer(1, 100);
  EXPECT_EQ(exchange_.next_due_ns(), 100 + 10 * kMilli);
  exchange_.Expire(101 + 10 * kMilli, sink_);
  ASSERT_EQ(sink_.out.size(), 1u);
  EXPECT_EQ(sink_.out[0].status, TransactionStatus::kUnsolicited);
  EXPECT_EQ(sink_.out[0].protocol, "p");
  EXPECT_EQ(sink_.out[0].detail[0], std::pair(std::string("only"), std::string("response")));
  EXPECT_EQ(sink_.out[0].detail[1].first, "alone");
  EXPECT_TRUE(sink_.out[0].command);  // somebody asked for it, only not where we look
  EXPECT_EQ(sink_.out[0].attack_technique, "T0855");
}

TEST_F(ExchangeTest, RepeatedAndLateAnswersAreFlagged) {
  Ask(1, 0);
  Answer(1, 10);
  Answer(1, 20);
  ASSERT_EQ(sink_.out.size(), 2u);
  EXPECT_EQ(sink_.out[1].anomalies, std::vector<std::string>{"duplicate-reply"});
  Ask(2, 0);
  exchange_.Expire(11 * base::kNanosPerSecond, sink_);
  EXPECT_EQ(sink_.out[2].status, TransactionStatus::kNoReply);
  Answer(2, 12 * base::kNanosPerSecond);
  EXPECT_EQ(sink_.out[3].anomalies, std::vector<std::string>{"late-reply"});
  for (const std::size_t again : {1u, 3u}) {  // their requests were the command
    EXPECT_FALSE(sink_.out[again].command);
    EXPECT_TRUE(sink_.out[again].attack_technique.empty());
  }
}

TEST_F(ExchangeTest, OT03_LooseKeyPairsWhenNothingElseDoes) {
  Ask(0x101, 0);
  Answer(0x201, 5);
  ASSERT_EQ(sink_.out.size(), 1u);
  EXPECT_EQ(sink_.out[0].code, 0x101);
  EXPECT_EQ(sink_.out[0].status, TransactionStatus::kOk);
}

TEST_F(ExchangeTest, ClockSetBackGivesNoLatency) {
  Ask(1, 1000);
  Answer(1, 10);
  EXPECT_FALSE(sink_.out[0].latency_ns.has_value());
}

TEST_F(ExchangeTest, OT13_FloodsAreBoundedAndAllAccountedFor) {
  for (std::uint64_t key = 0; key < 1000; ++key) {
    Ask(key * 1000, static_cast<std::int64_t>(key));
    Answer(key * 1000 + 777, static_cast<std::int64_t>(key));
  }
  exchange_.Finish(sink_);
  EXPECT_EQ(sink_.out.size(), 2000u);
}

}  // namespace
}  // namespace tapiary::capture
