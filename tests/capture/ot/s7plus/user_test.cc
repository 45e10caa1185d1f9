#include "capture/ot/s7plus/user.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/iso/support.h"
#include "tests/capture/ot/support/invariance.h"

namespace tapiary::capture::s7plus {
namespace {

using test::Conversation;
using test::DetailOf;
using test::Dt;

// Log on with a station's name, a write, an invoke that fails, a read.
Conversation Talk() {
  Conversation talk;
  talk.server_port = 102;
  talk.Client(Dt("7201001c 31000004ca0000000100000120360000011d 5354415449 4f4e2d41 31 72010000"));
  talk.Server(Dt("7201000c 32000004ca000000013600a1 72010000"));
  talk.Client(Dt("72020014 31000004f20000000200 0003c03400000051 0101 72020000"));
  talk.Server(Dt("7202000b 32000004f20000000234 00 72020000"));
  talk.Client(Dt("72020014 310000056b0000000300 0003c03400000051 0101 72020000"));
  talk.Server(Dt("7202000d 320000056b0000000334 8fff7e 72020000"));
  talk.Client(Dt("72020014 310000054c0000000400 0003c03400000000 0101 72020000"));
  talk.Server(Dt("7202000b 320000054c0000000434 00 72020000"));
  return talk;
}

TEST(S7PlusStream, OT01_OT04_OT08_OT12_TheSameFactsHoweverDelivered) {
  test::CheckInvariance(Talk());
}

TEST(S7PlusUser, CommandsAreFlaggedTheOwnSessionIsNot) {
  const Conversation talk = Talk();
  const auto run = test::Deliver(talk, test::WholeMessages(talk));
  const auto& all = run.records.transactions;
  ASSERT_EQ(all.size(), 4u);
  EXPECT_EQ(all[0].operation, "create_object");
  EXPECT_FALSE(all[0].command);
  EXPECT_EQ(DetailOf(all[0], "texts"), "STATION-A1");
  EXPECT_EQ(all[1].operation, "set_variable");
  EXPECT_TRUE(all[1].command);
  EXPECT_EQ(DetailOf(all[1], "session"), "0x000003c0");
  EXPECT_EQ(all[2].operation, "invoke");
  EXPECT_EQ(all[2].status, TransactionStatus::kException);
  EXPECT_EQ(all[2].exception, 0xfffeu);
  EXPECT_EQ(all[3].status, TransactionStatus::kOk);
}

TEST(S7PlusUser, FragmentsAndNotificationsAreCounted) {
  Conversation talk = Talk();
  talk.Server(Dt("72020008 33 70000e51 040000 72020000"));
  talk.Client(Dt("72020014 31000005420000000500 0003c03400000051 0101"));
  talk.Client(Dt("72020003 310000"));
  talk.Client(Dt("72020003 320000 72020000"));
  talk.Client(Dt("72ff0004 00000001"));
  const auto run = test::Deliver(talk, test::WholeMessages(talk));
  EXPECT_EQ(run.records.transactions.size(), 5u);
  std::uint64_t fragments = 0, notifications = 0, events = 0;
  for (const auto& [name, number] : run.records.flows.at(0).counters) {
    if (name == "s7comm-plus.fragments") fragments = number;
    if (name == "s7comm-plus.notifications") notifications = number;
    if (name == "s7comm-plus.system_events") events = number;
  }
  EXPECT_EQ(fragments, 2u);
  EXPECT_EQ(notifications, 1u);
  EXPECT_EQ(events, 1u);
}

}  // namespace
}  // namespace tapiary::capture::s7plus
