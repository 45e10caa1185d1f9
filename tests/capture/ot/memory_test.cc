// What many flows hold together, through the meter: bounded, and nothing lost or silent.
#include <gtest/gtest.h>

#include <set>

#include "capture/ot/pending.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture {
namespace {

using test::Adu;
using test::kMilli;
using test::kSecond;
using test::MeterRun;
using test::PacketList;
using test::RunMeter;
using test::TcpTalk;

constexpr const char* kWrite = "100010000a14 0001000200030004000500060007000800090010";

std::uint64_t Note(const MeterRun& run, std::string_view name) {
  for (const auto& [known, count] : run.stats.notes) {
    if (known == name) return count;
  }
  return 0;
}

// `flows` connections, each with `writes` that nobody answers, all within some milliseconds.
void AddUnanswered(PacketList& packets, std::uint16_t flows, std::uint16_t writes) {
  std::vector<TcpTalk> talks;
  for (std::uint16_t i = 0; i < flows; ++i) {
    talks.emplace_back(packets, static_cast<std::uint16_t>(20000 + i)).Handshake();
  }
  for (std::uint16_t write = 0; write < writes; ++write) {
    for (TcpTalk& talk : talks) talk.Client(Adu(write, 1, kWrite));
  }
}

TEST(OtMemory, OT13_UnansweredRequestsOfManyFlowsStayWithinTheBudget) {
  PacketList packets;
  AddUnanswered(packets, 300, 30);
  MeterOptions options{.active_timeout_ns = 0};
  options.max_ot_bytes = 300'000;  // for some 2,000 of the 9,000
  const MeterRun run = RunMeter(packets, options);
  ASSERT_EQ(run.records.flows.size(), 300u);
  ASSERT_EQ(run.records.transactions.size(), 9000u);
  std::set<std::pair<std::uint64_t, std::int64_t>> seen;
  std::size_t given_up = 0;
  for (const Transaction& transaction : run.records.transactions) {
    EXPECT_EQ(transaction.status, TransactionStatus::kNoReply);
    EXPECT_EQ(transaction.values.size(), 10u);
    seen.emplace(transaction.flow_id.number, transaction.time_ns);
    if (!transaction.anomalies.empty()) {
      EXPECT_EQ(transaction.anomalies, std::vector<std::string>{"pending-limit"});
      ++given_up;
    }
  }
  EXPECT_EQ(seen.size(), 9000u);  // each once
  EXPECT_GT(given_up, 5000u);
  EXPECT_EQ(Note(run, "ot-memory-limit"), given_up);
  EXPECT_LE(run.stats.ot_bytes_peak, 310'000u);
}

TEST(OtMemory, BudgetThatIsNotPassedChangesNothing) {
  PacketList packets;
  AddUnanswered(packets, 300, 30);
  const MeterRun run = RunMeter(packets);
  EXPECT_EQ(run.records.transactions.size(), 9000u);
  EXPECT_EQ(Note(run, "ot-memory-limit"), 0u);
  EXPECT_LT(run.stats.ot_bytes_peak, 9000u * 220);
}

TEST(OtMemory, FlowsThatHoldLittleLoseNothing) {
  PacketList packets;
  AddUnanswered(packets, 100, 100);
  TcpTalk good(packets, 19999);
  good.Wait(105 * kMilli).Handshake();
  good.Client(Adu(1, 1, kWrite));
  for (int i = 0; i < 5; ++i) AddUnanswered(packets, 100, 1);
  good.Wait(20 * kMilli).Server(Adu(1, 1, "100010000a"));
  MeterOptions options{.active_timeout_ns = 0};
  options.max_ot_bytes = 200'000;
  const MeterRun run = RunMeter(packets, options);
  EXPECT_GT(Note(run, "ot-memory-limit"), 1000u);
  std::size_t answered = 0;
  for (const Transaction& transaction : run.records.transactions) {
    if (transaction.orig_port != 19999) continue;
    EXPECT_EQ(transaction.status, TransactionStatus::kOk);
    EXPECT_TRUE(transaction.anomalies.empty());
    ++answered;
  }
  EXPECT_EQ(answered, 1u);
}

TEST(OtMemory, OT07_SegmentsBehindHolesAndEndlessPdusStayWithinTheBudget) {
  PacketList packets;
  const std::string part(2 * 1000, '0');
  for (std::uint16_t i = 0; i < 100; ++i) {
    TcpTalk talk(packets, static_cast<std::uint16_t>(20000 + i));
    talk.Handshake().Client(Adu(1, 1, kWrite)).Lose(true, 1);
    for (int segment = 0; segment < 20; ++segment) talk.Client(part);
  }
  MeterOptions options{.active_timeout_ns = 0};
  options.max_ot_bytes = 200'000;
  const MeterRun run = RunMeter(packets, options);
  EXPECT_EQ(run.records.transactions.size(), 100u);
  EXPECT_GT(Note(run, "ot-memory-limit"), 0u);
  EXPECT_LE(run.stats.ot_bytes_peak, 300'000u);
}

}  // namespace
}  // namespace tapiary::capture
