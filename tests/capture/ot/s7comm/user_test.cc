#include "capture/ot/s7comm/user.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/iso/support.h"
#include "tests/capture/ot/support/invariance.h"

namespace tapiary::capture::s7comm {
namespace {

using test::Conversation;
using test::DetailOf;
using test::Dt;

std::vector<Transaction> MeterOf(const Conversation& talk) {
  return test::Deliver(talk, test::WholeMessages(talk)).records.transactions;
}

Conversation OnPort() {
  Conversation talk;
  talk.server_port = 102;
  talk.Client(Dt("32010000 0101 0008 0000 f0000001000101e0"));
  talk.Server(Dt("32030000 0101 0008 0000 0000 f0000001000100f0"));
  return talk;
}

TEST(S7User, ThePlcAsksForTheBlocksOfADownload) {
  Conversation talk = OnPort();
  talk.Server(Dt("32010000 0200 0012 0000 1b 000000 00000000 09 5f3041303030303850"));
  talk.Client(Dt("32030000 0200 0002 0006 0000 1b00 0002 00fb 0102"));
  const auto transactions = MeterOf(talk);
  ASSERT_EQ(transactions.size(), 2u);
  EXPECT_EQ(transactions[1].operation, "download_block");
  EXPECT_EQ(transactions[1].status, TransactionStatus::kOk);
  EXPECT_EQ(DetailOf(transactions[1], "asked_by"), "server");
  EXPECT_EQ(DetailOf(transactions[1], "block"), "DB8 passive");
  EXPECT_EQ(transactions[1].quantity, 2u);
}

TEST(S7User, OT02_TenJobsAnsweredInAnyOrder) {
  Conversation talk = OnPort();
  for (int i = 0; i < 10; ++i) {
    talk.Client(Dt(
        fmt::format("32010000 03{:02x} 000e 0000 0401 120a10 04 0001 0001 84 {:06x}", i, i * 8)));
  }
  for (int i = 9; i >= 0; --i) {
    talk.Server(Dt(fmt::format("32030000 03{:02x} 0002 0006 0000 0401 ff04 0010 00{:02x}", i, i)));
  }
  const auto transactions = MeterOf(talk);
  ASSERT_EQ(transactions.size(), 11u);
  for (std::size_t i = 1; i < 11; ++i) {
    ASSERT_EQ(transactions[i].values.size(), 1u);
    EXPECT_EQ(transactions[i].address, static_cast<std::uint64_t>(transactions[i].values[0]));
  }
}

TEST(S7User, CyclicPushesAreCountedAlarmsAreNot) {
  Conversation talk = OnPort();
  for (int i = 0; i < 5; ++i) {
    talk.Server(Dt("32070000 0000 0008 0006 000112 04 11 02 07 02 ff09 0002 0001"));
  }
  for (int i = 0; i < 2; ++i) {
    talk.Server(Dt("32070000 0000 0008 0006 000112 04 11 04 05 00 ff09 0002 0001"));
  }
  const auto run = test::Deliver(talk, test::WholeMessages(talk));
  ASSERT_EQ(run.records.transactions.size(), 4u);
  EXPECT_EQ(run.records.transactions[2].operation, "alarm_8_indication");
  EXPECT_EQ(run.records.transactions[2].status, TransactionStatus::kUnsolicited);
  bool counted = false;
  for (const auto& [name, number] : run.records.flows.at(0).counters) {
    if (name == "s7comm.push_change_driven_modify") counted = number == 5;
  }
  EXPECT_TRUE(counted);
}

TEST(S7User, OT12_BadMessagesCostOnlyThemselves) {
  Conversation talk = OnPort();
  talk.Client(Dt("3205"))
      .Client(Dt("32010000 0400 0000 0000"))
      .Client(Dt("32070000 0401 0000 0000"));
  talk.Client(Dt("32010000 0402 000e 0000 0401 120a10 04 0001 0001 84 000050"));
  const auto transactions = MeterOf(talk);
  ASSERT_EQ(transactions.size(), 3u);
  EXPECT_EQ(transactions[2].operation, "read_variable");
}

}  // namespace
}  // namespace tapiary::capture::s7comm
