#include "capture/ot/iso/decoder.h"

#include <gtest/gtest.h>

#include "tests/capture/ot/iso/support.h"
#include "tests/capture/ot/support/invariance.h"

namespace tapiary::capture::iso {
namespace {

using test::Conversation;
using test::DetailOf;
using test::Dt;
using test::MeterRun;

constexpr const char* kConnect = "03000016 11e00000000100 c1020100 c2020102 c0010a";
constexpr const char* kConfirm = "03000016 11d00001000200 c0010a c1020100 c2020102";

MeterRun MeterOf(const Conversation& talk) {
  return test::Deliver(talk, test::WholeMessages(talk));
}

TEST(IsoDecoder, ConnectHasTsapsRackAndSlot) {
  Conversation talk;
  talk.server_port = 102;
  talk.Client("03000016 11e00000000100 c1020100 c2020343 c0010a").Server(kConfirm);
  const MeterRun run = MeterOf(talk);
  ASSERT_EQ(run.records.transactions.size(), 1u);
  const Transaction& connect = run.records.transactions[0];
  EXPECT_EQ(connect.protocol, "cotp");
  EXPECT_EQ(connect.operation, "connect");
  EXPECT_EQ(connect.status, TransactionStatus::kOk);
  EXPECT_EQ(DetailOf(connect, "called_tsap"), "0x0343");
  EXPECT_EQ(DetailOf(connect, "connection_type"), "basic");
  EXPECT_EQ(DetailOf(connect, "rack"), "2");
  EXPECT_EQ(DetailOf(connect, "slot"), "3");
  EXPECT_EQ(DetailOf(connect, "tpdu_size"), "1024");
  EXPECT_EQ(run.records.flows.at(0).service, "cotp");
}

TEST(IsoDecoder, ARefusedConnectHasTheReason) {
  Conversation talk;
  talk.server_port = 102;
  talk.Client(kConnect).Server("0300000b 06800001000003");
  const MeterRun run = MeterOf(talk);
  ASSERT_EQ(run.records.transactions.size(), 1u);
  EXPECT_EQ(run.records.transactions[0].status, TransactionStatus::kException);
  EXPECT_EQ(run.records.transactions[0].exception, 3u);
  EXPECT_EQ(DetailOf(run.records.transactions[0], "reason"), "address_unknown");
}

TEST(IsoDecoder, TheFirstMessageNamesTheService) {
  const char* const kSetup = "32010000 0200 0008 0000 f0000001000101e0";
  const char* const kPlus = "72010012 31000004ca00000001 00000120 36 0000011d 72010000";
  const char* const kMms = "01000100 6114 3012 020103 a00d a10b 02020100 a405 a1038001 0a";
  const auto service = [](std::initializer_list<const char*> messages) {
    Conversation talk;
    talk.server_port = 102;
    talk.Client(kConnect).Server(kConfirm);
    for (const char* const message : messages) talk.Client(Dt(message));
    return MeterOf(talk).records.flows.at(0).service;
  };
  EXPECT_EQ(service({kSetup}), "s7comm");
  EXPECT_EQ(service({kPlus}), "s7comm-plus");
  EXPECT_EQ(service({kSetup, kPlus}), "s7comm-plus");
  EXPECT_EQ(service({kMms}), "mms");
  EXPECT_EQ(service({"7f6582"}), "cotp");
}

TEST(IsoDecoder, OT06_RdpOnThePortIsNoOt) {
  Conversation talk;
  talk.server_port = 102;
  talk.Client("03000013 0ee00000000000 0100080003000000");
  talk.Server("03000013 0ed00000123400 0200080000000000").Client(Dt("7f658201a2040101"));
  const MeterRun run = MeterOf(talk);
  EXPECT_TRUE(run.records.transactions.empty());
  EXPECT_EQ(run.records.flows.at(0).service, "");
}

TEST(IsoDecoder, OT13_HostileStreamsStayBounded) {
  // Fragments that never end, unknown types, and a connect a hundred times.
  Conversation talk;
  talk.server_port = 102;
  talk.Client(kConnect).Server(kConfirm);
  for (int i = 0; i < 100; ++i) talk.Client(Dt("3201", false));
  for (int i = 0; i < 100; ++i) talk.Client(kConnect);
  talk.Server("03000007 02f080").Server("0300000b 06c00001000003");
  const MeterRun run = MeterOf(talk);
  EXPECT_EQ(run.records.transactions.size(), 101u);
}

}  // namespace
}  // namespace tapiary::capture::iso
