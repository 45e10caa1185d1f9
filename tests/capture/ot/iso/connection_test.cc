#include "capture/ot/iso/connection.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/iso/support.h"
#include "tests/capture/ot/support/invariance.h"

namespace tapiary::capture::iso {
namespace {

using test::Hex;

ConnectLook LookAt(const char* hex) {
  const auto bytes = Hex(hex);
  return LookAtConnect(ReadTpdu(bytes));
}

TEST(IsoConnection, OT06_OnlyKnownParametersAreOurs) {
  EXPECT_TRUE(LookAt("03000012 0de00000000100 c1020100 c20101").strong);
  EXPECT_TRUE(LookAt("0300000b 06e00000000100").possible);
  EXPECT_FALSE(LookAt("0300000b 06e00000000100").strong);
  EXPECT_FALSE(LookAt("03000013 0ee00000000000 0100080003000000").possible);
  EXPECT_FALSE(LookAt("0300000f 0ae00000000100 c1080100").possible);  // goes beyond the header
}

TEST(IsoConnection, ADisconnectAndAnErrorStandAlone) {
  test::Conversation talk;
  talk.server_port = 102;
  talk.Client("03000016 11e00000000100 c1020100 c2020102 c0010a");
  talk.Server("03000016 11d00001000200 c0010a c1020100 c2020102");
  talk.Client("0300000b 06800002000180").Server("03000009 0470000102");
  const auto run = test::Deliver(talk, test::WholeMessages(talk));
  ASSERT_EQ(run.records.transactions.size(), 3u);
  const Transaction& end = run.records.transactions[1];
  EXPECT_EQ(end.operation, "disconnect");
  EXPECT_EQ(end.status, TransactionStatus::kUnsolicited);
  EXPECT_EQ(test::DetailOf(end, "reason"), "normal");
  EXPECT_EQ(run.records.transactions[2].operation, "tpdu_error");
  EXPECT_EQ(run.records.transactions[2].exception, 2u);
}

TEST(IsoConnection, LongTsapsAreText) {
  test::Conversation talk;
  talk.server_port = 102;
  talk.Client("03000020 1be00000000100 c1020600 c20f53494d415449432d524f4f542d4553");
  const auto run = test::Deliver(talk, test::WholeMessages(talk));
  ASSERT_EQ(run.records.transactions.size(), 1u);
  const Transaction& connect = run.records.transactions[0];
  EXPECT_EQ(test::DetailOf(connect, "called_tsap"), "SIMATIC-ROOT-ES");
  EXPECT_EQ(test::DetailOf(connect, "rack"), "-");
  EXPECT_EQ(connect.status, TransactionStatus::kNoReply);
}

}  // namespace
}  // namespace tapiary::capture::iso
