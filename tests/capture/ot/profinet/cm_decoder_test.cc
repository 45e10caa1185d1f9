#include "capture/ot/profinet/cm_decoder.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "tests/capture/ot/profinet/dcp_frames.h"
#include "tests/capture/ot/support/invariance.h"

namespace tapiary::capture::profinet {
namespace {

using test::Detail;
using test::Flagged;
using test::kMilli;

class CmDecoderTest : public ::testing::TestWithParam<bool> {
 protected:
  void Send(bool from_client, Rpc rpc) {
    rpc.big = GetParam();
    decoder_.OnDatagram(from_client, test::Hex(rpc.Hex()), false, now_ += kMilli, out_);
  }
  [[nodiscard]] std::string Args(const std::string& blocks, std::size_t first = 0x8000) const {
    return Ndr(blocks, GetParam(), first);
  }
  Transaction TakeOne() {
    std::vector<Transaction> all = std::exchange(out_.transactions, {});
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Transaction{} : all[0];
  }
  CmDecoder decoder_;
  test::Collector out_;
  std::int64_t now_ = test::kStart;
};
INSTANTIATE_TEST_SUITE_P(ByteOrders, CmDecoderTest, ::testing::Bool());

TEST_P(CmDecoderTest, ConnectTellsWhoTakesWhat) {
  Send(true, {.operation = 0, .body = Args(ConnectBlocks())});
  Send(false, {.type = 2,
               .operation = 0,
               .body = Args(CmBlock("8101", "0001" + kAr + "0007 0203040506078892"), 0)});
  const Transaction connect = TakeOne();
  EXPECT_EQ(connect.operation, "connect");
  EXPECT_EQ(connect.status, TransactionStatus::kOk);
  EXPECT_TRUE(connect.command);
  EXPECT_EQ(connect.attack_technique, "T0848");
  EXPECT_EQ(Detail(connect, "ar_uuid"), "f25e6d73-58c9-8b44-804e-ffe0e05e18af");
  EXPECT_EQ(Detail(connect, "ar_type"), "io_controller");
  EXPECT_EQ(Detail(connect, "station_name"), "plc1");
  EXPECT_EQ(Detail(connect, "device_id"), "0x0003");
  EXPECT_EQ(Detail(connect, "vendor_id"), "0x015a");
  EXPECT_EQ(Detail(connect, "io_crs"), "input:0x8000:40");
  EXPECT_EQ(Detail(connect, "modules"), "1:0x00001234");
  EXPECT_EQ(Detail(connect, "responder_mac"), "02:03:04:05:06:07");
  EXPECT_TRUE(connect.anomalies.empty());
}

TEST_P(CmDecoderTest, WriteAndItsRefusal) {
  Send(true, {.operation = 3, .body = Args(RecordBlock("0008", 0x8000, 4) + "01020304")});
  Send(false,
       {.type = 2, .operation = 3, .body = Args(RecordBlock("8008", 0x8000, 0), 0xdf80b100)});
  const Transaction write = TakeOne();
  EXPECT_EQ(write.address, 0x8000u);
  EXPECT_EQ(write.quantity, 4u);
  EXPECT_EQ(Detail(write, "slot"), "1");
  EXPECT_EQ(Detail(write, "subslot"), "2");
  EXPECT_EQ(Detail(write, "data"), "01020304");
  EXPECT_EQ(write.status, TransactionStatus::kException);
  EXPECT_EQ(write.exception, 0xdf80b100u);
  EXPECT_EQ(write.attack_technique, "T0836");
}

TEST_P(CmDecoderTest, MultipleWriteListsItsRecords) {
  const std::string inner =
      RecordBlock("0008", 0x10, 3) + "01020300" + RecordBlock("0008", 0x11, 4) + "01020304";
  Send(true, {.operation = 3, .body = Args(RecordBlock("0008", 0xe040, 136) + inner)});
  decoder_.Finish(out_);
  const Transaction write = TakeOne();
  EXPECT_EQ(Detail(write, "records"), "1/2/0x0010 1/2/0x0011");
  EXPECT_EQ(write.status, TransactionStatus::kNoReply);
  EXPECT_TRUE(write.anomalies.empty());
}

TEST_P(CmDecoderTest, BothEndsCall) {
  Send(true, {.operation = 4, .body = Args(ControlBlock("0110", "0001"))});
  Send(false, {.operation = 4, .interface = 2, .body = Args(ControlBlock("0112", "0002"))});
  Send(true,
       {.type = 2, .operation = 4, .interface = 2, .body = Args(ControlBlock("8112", "0008"), 0)});
  const Transaction ready = TakeOne();
  EXPECT_EQ(Detail(ready, "control_command"), "application_ready");
  EXPECT_FALSE(ready.command);  // the device reports
  EXPECT_EQ(Detail(ready, "control_answer"), "done");
  EXPECT_EQ(Detail(ready, "sent_by"), "resp");
  Send(false, {.type = 2, .operation = 4, .body = Args(ControlBlock("8110", "0008"), 0)});
  const Transaction end = TakeOne();
  EXPECT_EQ(Detail(end, "control_command"), "parameter_end");
  EXPECT_FALSE(end.command);  // the connect and the writes before it were
  EXPECT_TRUE(end.attack_technique.empty());
}

TEST_P(CmDecoderTest, WhatEndsOrReopensARelationIsACommand) {
  const auto run = [this](int operation, const char* type, const char* command) {
    Send(true, {.operation = operation, .body = Args(ControlBlock(type, command))});
    decoder_.Finish(out_);
    return TakeOne();
  };
  EXPECT_EQ(run(1, "0114", "0004").attack_technique, "T0881");
  EXPECT_EQ(run(4, "0114", "0004").attack_technique, "T0881");
  EXPECT_EQ(run(4, "0118", "0040").attack_technique, "T0836");
  EXPECT_TRUE(run(4, "0118", "0040").command);
  EXPECT_FALSE(run(4, "0116", "0010").command);
}

TEST_P(CmDecoderTest, FragmentsArePutTogether) {
  const std::string whole =
      test::HexOf(test::Hex(Args(RecordBlock("0008", 0x8000, 100) + std::string(200, '7'))));
  const auto part = [&](std::size_t from, std::size_t size) {
    return whole.substr(from * 2, size * 2);
  };
  Send(true, {.operation = 3, .body = part(0, 60), .flags = 0x24, .fragment = 0});
  Send(true, {.operation = 3, .body = part(0, 60), .flags = 0x24, .fragment = 0});  // again
  Send(true, {.operation = 3, .body = part(60, 60), .flags = 0x24, .fragment = 1});
  Send(true, {.operation = 3, .body = part(120, 64), .flags = 0x26, .fragment = 2});
  decoder_.Finish(out_);
  const Transaction write = TakeOne();
  EXPECT_EQ(write.quantity, 100u);
  EXPECT_TRUE(write.anomalies.empty());
  EXPECT_EQ(out_.counters["profinet-io.fragments"], 4u);
}

TEST_P(CmDecoderTest, OT04_AMissingFragmentCostsItsCallOnly) {
  const std::string whole =
      test::HexOf(test::Hex(Args(RecordBlock("0008", 0x8000, 100) + std::string(200, '7'))));
  Send(true, {.operation = 3, .body = whole.substr(0, 300), .flags = 0x24, .fragment = 0});
  Send(true, {.operation = 3, .body = whole.substr(300), .flags = 0x26, .fragment = 2});
  Send(true, {.operation = 5, .sequence = 2, .body = Args(RecordBlock("0009", 0xaff0, 64))});
  decoder_.Finish(out_);
  ASSERT_EQ(out_.transactions.size(), 2u);
  EXPECT_TRUE(Flagged(out_.transactions[0], "truncated"));
  EXPECT_EQ(out_.transactions[1].operation, "read_implicit");
  EXPECT_EQ(out_.anomalies, std::vector<std::string>{"profinet-io-fragment-missing"});
}

TEST_P(CmDecoderTest, FaultsAndSupervisors) {
  Send(true, {.operation = 0, .body = Args(ConnectBlocks("0006"))});
  Send(false, {.type = 6, .operation = 0, .body = U32(0x1c010003, GetParam())});
  const Transaction connect = TakeOne();
  EXPECT_EQ(Detail(connect, "ar_type"), "io_supervisor");
  EXPECT_EQ(connect.exception, 0x1c010003u);
  EXPECT_EQ(Detail(connect, "rpc"), "reject");
}

// Controller 10.0.0.1 asks 10.0.0.2 on 34964, which answers from 49155.
class CmTwoFlows : public ::testing::Test {
 protected:
  void Ask(const std::string& hex, std::uint16_t to = 34964) {
    Add(test::PacketBuilder().Eth().Ipv4("10.0.0.1", "10.0.0.2", {.id = ++id_}).Udp(49152, to),
        hex);
  }
  void Answer(const std::string& hex, std::uint16_t from = 49155) {
    Add(test::PacketBuilder().Eth().Ipv4("10.0.0.2", "10.0.0.1", {.id = ++id_}).Udp(from, 49152),
        hex);
  }
  void Add(test::PacketBuilder builder, const std::string& hex) {
    packets_.Add(builder.Data(hex).Build(), now_ += kMilli);
  }
  static std::string Connect(std::uint32_t sequence) {
    return Rpc{.operation = 0, .sequence = sequence, .body = Ndr(ConnectBlocks())}.Hex();
  }
  static std::string Connected(std::uint32_t sequence, std::size_t status = 0) {
    return Rpc{.type = 2,
               .operation = 0,
               .sequence = sequence,
               .body = Ndr(CmBlock("8101", "0001" + kAr + "0007 0203040506078892"), false, status)}
        .Hex();
  }
  test::PacketList packets_;
  std::int64_t now_ = test::kStart;
  std::uint16_t id_ = 0;
};

TEST_F(CmTwoFlows, OT02_AnAnswerFromAnotherPortIsPairedWhereItWasAsked) {
  Ask(Connect(1));
  Answer(Connected(1));
  Ask(Connect(2));
  Answer(Connected(2, 0xdb810000));
  now_ += 5 * test::kSecond;
  Ask(Connect(3));  // unanswered
  const test::MeterRun run = test::RunMeter(packets_);
  ASSERT_EQ(run.records.flows.size(), 2u);
  ASSERT_EQ(run.records.transactions.size(), 3u);
  const std::vector<Transaction>& all = run.records.transactions;
  for (const Transaction& one : all) {
    EXPECT_EQ(one.resp_port, 34964);
    EXPECT_TRUE(one.command);
  }
  EXPECT_EQ(all[0].status, TransactionStatus::kOk);
  EXPECT_EQ(all[0].latency_ns, kMilli);
  EXPECT_EQ(Detail(all[0], "answered_on"), "other flow");
  EXPECT_EQ(Detail(all[0], "responder_mac"), "02:03:04:05:06:07");
  EXPECT_EQ(all[1].exception, 0xdb810000u);
  EXPECT_EQ(all[1].latency_ns, kMilli);
  EXPECT_EQ(all[2].status, TransactionStatus::kNoReply);
  for (const FlowRecord& flow : run.records.flows) {
    EXPECT_EQ(flow.service, "profinet-io");
    const bool answers = flow.orig.port == 49155 || flow.resp.port == 49155;
    EXPECT_EQ(flow.commands, answers ? 0u : 3u);
    ASSERT_EQ(flow.counters.size(), answers ? 1u : 0u);
    if (answers) {
      EXPECT_EQ(flow.counters[0].second, 2u);
    }
  }
}

TEST_F(CmTwoFlows, OT08_AnAnswerToNothingSeenIsTheCommand) {
  Answer(Connected(1));
  Answer(Connected(2));
  const test::MeterRun run = test::RunMeter(packets_);
  ASSERT_EQ(run.records.transactions.size(), 2u);
  EXPECT_EQ(run.records.transactions[0].status, TransactionStatus::kUnsolicited);
  EXPECT_EQ(Detail(run.records.transactions[0], "only"), "response");
  EXPECT_TRUE(run.records.transactions[0].command);
  EXPECT_EQ(run.records.transactions[0].orig_ip.ToString(), "10.0.0.1");
}

TEST_F(CmTwoFlows, OT02_AskedOnTheSecondPortItIsAFlowOfItsOwn) {
  Ask(Connect(1));
  Answer(Connected(1));
  const std::string write =
      Rpc{.operation = 3, .sequence = 2, .body = Ndr(RecordBlock("0008", 0x8000, 4) + "01020304")}
          .Hex();
  Ask(write, 49155);
  Answer(Rpc{.type = 2,
             .operation = 3,
             .sequence = 2,
             .body = Ndr(RecordBlock("8008", 0x8000, 0), false, 0)}
             .Hex());
  const test::MeterRun run = test::RunMeter(packets_);
  ASSERT_EQ(run.records.transactions.size(), 2u);
  for (const Transaction& one : run.records.transactions) {
    EXPECT_EQ(one.status, TransactionStatus::kOk);
    EXPECT_EQ(one.resp_port, one.operation == "write" ? 49155 : 34964);
  }
}

TEST(CmDecoder, OT12_HostileDatagrams) {
  test::CheckHostile(
      [] { return std::make_unique<CmDecoder>(); },
      {Rpc{.body = Ndr(ConnectBlocks())}.Hex(),
       Rpc{.operation = 3,
           .body = Ndr(RecordBlock("0008", 0xe040, 68) + RecordBlock("0008", 0x11, 4) + "01020304")}
           .Hex(),
       Rpc{.operation = 3, .body = Ndr("0102"), .flags = 0x24}.Hex()});
}

TEST(CmDecoder, OT12_AnyOrderAndLossOfDatagrams) {
  test::Conversation talk;
  talk.carrier = test::Carrier::kUdp;
  talk.server_port = 34964;
  talk.Client(Rpc{.operation = 0, .sequence = 1, .body = Ndr(ConnectBlocks())}.Hex());
  talk.Server(Rpc{.type = 2,
                  .operation = 0,
                  .sequence = 1,
                  .body = Ndr(CmBlock("8101", "0001" + kAr + "0007 0203040506078892"), false, 0)}
                  .Hex());
  talk.Client(
      Rpc{.operation = 3, .sequence = 2, .body = Ndr(RecordBlock("0008", 0x8000, 4) + "01020304")}
          .Hex());
  talk.Server(Rpc{.type = 2,
                  .operation = 3,
                  .sequence = 2,
                  .body = Ndr(RecordBlock("8008", 0x8000, 0), false, 0)}
                  .Hex());
  talk.Client(Rpc{.operation = 1, .sequence = 3, .body = Ndr(ControlBlock("0114", "0004"))}.Hex());
  talk.Server(Rpc{
      .type = 2, .operation = 1, .sequence = 3, .body = Ndr(ControlBlock("8114", "0008"), false, 0)}
                  .Hex());
  test::CheckInvariance(talk);
}

}  // namespace
}  // namespace tapiary::capture::profinet
