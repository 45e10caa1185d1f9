#include "capture/ot/mms/user.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>

#include "tests/capture/ot/mms/support.h"
#include "tests/capture/ot/support/invariance.h"

namespace tapiary::capture::mms {
namespace {

using namespace test;  // NOLINT: the builders of messages

std::string OneRead(int id) {
  return Invoke(id, Ber("a4", Ber("a1", Ber("a0", Variable("BAY1", "MMXU1$MX$TotW")))));
}
std::string OneReadReply(int id) {
  return Reply(id, Ber("a4", Ber("a1", "850117")));
}

// Association, identify, names, a read, a control, a failed write, a report, the end.
Conversation Talk() {
  Conversation talk;
  talk.server_port = 102;
  talk.Client(Dt(MmsConnect())).Server(Dt(MmsAccept()));
  talk.Client(Dt(MmsData(Invoke(1, Ber("82")))));
  talk.Server(Dt(
      MmsData(Reply(1, Ber("a2", Text("80", "ACME") + Text("81", "IED 7") + Text("82", "1.2"))))));
  talk.Client(Dt(MmsData(OneRead(2)))).Server(Dt(MmsData(OneReadReply(2))));
  const std::string control =
      Ber("a5", Ber("a0", Variable("BAY1", "CSWI1$CO$Pos$Oper")) + Ber("a0", "830101"));
  talk.Client(Dt(MmsData(Invoke(3, control)))).Server(Dt(MmsData(Reply(3, Ber("a5", "8100")))));
  const std::string setting =
      Ber("a5", Ber("a0", Variable("BAY1", "PTOC1$SP$StrVal")) + Ber("a0", "850105"));
  talk.Client(Dt(MmsData(Invoke(4, setting)))).Server(Dt(MmsData(Reply(4, Ber("a5", "800103")))));
  talk.Server(Dt(MmsData(
      Ber("a3", Ber("a0", Ber("a1", Text("80", "RPT")) + Ber("a0", Text("8a", "BAY1/rcb1")))))));
  talk.Client(Dt(MmsData(Ber("8b")))).Server(Dt(MmsData(Ber("8c"))));
  return talk;
}

std::vector<Transaction> MeterOf(const Conversation& talk) {
  return Deliver(talk, WholeMessages(talk)).records.transactions;
}

TEST(MmsStream, OT01_AnyCutGivesTheSameFacts) {
  CheckCuts(Talk());
}
TEST(MmsStream, OT02_OT04_RepeatsAndWrongOrderGiveTheSameFacts) {
  CheckRepeatsAndOrder(Talk());
}
TEST(MmsStream, OT04_OT08_OneSidedJoinedLateAndWithGaps) {
  CheckOneSided(Talk());
  CheckMidStream(Talk());
  CheckGaps(Talk());
}
TEST(MmsStream, OT12_CapturedShort) {
  CheckSnapLengths(Talk());
}

TEST(MmsUser, WhoDidWhat) {
  const auto all = MeterOf(Talk());
  ASSERT_EQ(all.size(), 7u);
  EXPECT_EQ(all[0].operation, "initiate");
  EXPECT_EQ(DetailOf(all[0], "response_pdu_size"), "4000");
  EXPECT_EQ(DetailOf(all[1], "model"), "IED 7");
  EXPECT_EQ(DetailOf(all[2], "items"), "BAY1/MMXU1$MX$TotW");
  EXPECT_EQ(all[2].values, (std::vector<std::int64_t>{23}));
  EXPECT_EQ(all[3].operation, "write");
  EXPECT_EQ(all[3].attack_technique, "T0855");
  EXPECT_TRUE(all[3].command);
  EXPECT_EQ(all[3].status, TransactionStatus::kOk);
  EXPECT_EQ(all[4].attack_technique, "T0836");
  EXPECT_EQ(all[4].exception, 3u);
  EXPECT_EQ(DetailOf(all[4], "error"), "object_access_denied");
  EXPECT_EQ(all[5].operation, "information_report");
  EXPECT_EQ(DetailOf(all[5], "report_id"), "BAY1/rcb1");
  EXPECT_EQ(all[6].operation, "conclude");
}

TEST(MmsUser, APasswordOfTheAssociationIsShown) {
  Conversation talk;
  talk.server_port = 102;
  talk.Client(Dt(MmsConnect("letmein")));
  const auto all = MeterOf(talk);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(DetailOf(all[0], "password"), "letmein");
}

TEST(MmsUser, MmsRightOnTheTransport) {
  Conversation talk;
  talk.server_port = 102;
  talk.Client(Dt(Ber("a8", "800203e8" + Ber("a4", "810103"))));
  talk.Client(Dt(Invoke(1, Ber("bf29", Text("80", "APPL")))));
  const auto all = MeterOf(talk);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[1].operation, "stop");
  EXPECT_EQ(all[1].code, 41);
  EXPECT_TRUE(all[1].command);
  EXPECT_EQ(DetailOf(all[1], "names"), "APPL");
}

TEST(MmsUser, ErrorsAndRejects) {
  Conversation talk;
  talk.server_port = 102;
  talk.Client(Dt(MmsData(OneRead(1))));
  talk.Server(Dt(MmsData(Ber("a2", "800101" + Ber("a2", Ber("a0", "870102"))))));
  talk.Client(Dt(MmsData(OneRead(2)))).Server(Dt(MmsData(Ber("a4", "800102 820104"))));
  talk.Client(Dt(MmsData(OneRead(3)))).Server(Dt(MmsData(Ber("a2", "800103"))));
  const auto all = MeterOf(talk);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[2].status, TransactionStatus::kException);
  EXPECT_EQ(all[2].exception, std::nullopt);
  EXPECT_EQ(all[2].anomalies, std::vector<std::string>{"mms-no-error-code"});
  EXPECT_EQ(all[0].status, TransactionStatus::kException);
  EXPECT_EQ(all[0].exception, 2u);
  EXPECT_EQ(DetailOf(all[0], "error"), "access");
  EXPECT_EQ(all[1].exception, 4u);
  EXPECT_EQ(DetailOf(all[1], "error"), "reject");
}

TEST(MmsUser, ConcludeTakesNoAnswerOfAnotherKind) {
  // A confirmed answer without invoke id, an initiate's: neither ends the association.
  for (const std::string& wrong :
       {Ber("a1", Ber("a4", "a100")), Ber("a9", "80020fa0"), Ber("86")}) {
    Conversation talk;
    talk.server_port = 102;
    talk.Client(Dt(MmsConnect())).Server(Dt(MmsAccept()));
    talk.Client(Dt(MmsData(OneRead(0))));
    talk.Client(Dt(MmsData(Ber("8b")))).Server(Dt(MmsData(wrong)));
    auto all = MeterOf(talk);
    ASSERT_EQ(all.size(), 4u);
    std::map<std::string, Transaction> by_status;
    for (const Transaction& one : all) {
      by_status[one.operation + "/" + std::string(ToString(one.status))] = one;
    }
    EXPECT_EQ(by_status.count("initiate/ok"), 1u);
    EXPECT_EQ(by_status.count("read/no-reply"), 1u);  // not that of invoke id 0 either
    EXPECT_EQ(by_status.count("conclude/no-reply"), 1u);
    const auto lone = std::find_if(all.begin(), all.end(), [](const Transaction& one) {
      return one.status == TransactionStatus::kUnsolicited;
    });
    ASSERT_NE(lone, all.end());
    EXPECT_TRUE(HasAnomaly(*lone, "mms-answer-kind"));
  }
}

TEST(MmsUser, ARejectOfConcludeIsItsAnswer) {
  Conversation talk;
  talk.server_port = 102;
  talk.Client(Dt(MmsConnect())).Server(Dt(MmsAccept()));
  talk.Client(Dt(MmsData(OneRead(0))));
  talk.Client(Dt(MmsData(Ber("8b")))).Server(Dt(MmsData(Ber("a4", "890100"))));
  const auto all = MeterOf(talk);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[1].operation, "conclude");
  EXPECT_EQ(all[1].status, TransactionStatus::kException);
  EXPECT_TRUE(all[1].anomalies.empty());
  EXPECT_EQ(all[2].operation, "read");
  EXPECT_EQ(all[2].status, TransactionStatus::kNoReply);
}

TEST(MmsUser, OT12_AnyByteWrongCostsOneMessage) {
  const Conversation talk = Talk();
  for (std::size_t message = 2; message < talk.messages.size(); ++message) {
    for (std::size_t at = 7; at < talk.size_of(message); ++at) {
      for (const int wrong : {0x00, 0xff, 0x80}) {
        Conversation bad = talk;
        bad.messages[message].bytes[at] = static_cast<std::uint8_t>(wrong);
        EXPECT_GE(MeterOf(bad).size(), 6u) << message << "@" << at;
      }
    }
  }
}

}  // namespace
}  // namespace tapiary::capture::mms
