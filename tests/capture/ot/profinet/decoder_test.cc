#include "capture/ot/profinet/decoder.h"

#include <gtest/gtest.h>

#include <memory>
#include <utility>

#include "tests/capture/ot/profinet/dcp_frames.h"

namespace tapiary::capture::profinet {
namespace {

using test::Detail;
using test::Flagged;
using test::kMilli;
using test::kSecond;

std::string Cyclic(const char* frame_id, std::uint16_t cycle, const char* status) {
  return frame_id + std::string(80, '0') + U16(cycle) + status + "00";
}

class PnDecoderTest : public ::testing::Test {
 protected:
  void Send(bool from_client, const std::string& hex, std::int64_t wait_ns = kMilli) {
    decoder_.OnDatagram(from_client, test::Hex(hex), false, now_ += wait_ns, out_);
  }
  std::vector<Transaction> Take() { return std::exchange(out_.transactions, {}); }
  PnDecoder decoder_;
  test::Collector out_;
  std::int64_t now_ = test::kStart;
};

TEST_F(PnDecoderTest, OT02_SetPairedByXid) {
  const std::string ip = DcpBlock("0102", "0001 c0a80005 ffffff00 c0a80001");
  Send(true, Dcp("fefd", "0400", ip, 7));
  Send(true, Dcp("fefd", "0400", DcpBlock("0202", "0001 6162"), 8));
  Send(false, Dcp("fefd", "0401", DcpBlock("0504", "0202 05"), 8));
  Send(false, Dcp("fefd", "0401", DcpBlock("0504", "0102 00"), 7));
  const std::vector<Transaction> all = Take();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].status, TransactionStatus::kException);
  EXPECT_EQ(all[0].exception, 5u);
  EXPECT_EQ(Detail(all[0], "refused"), "name_of_station");
  EXPECT_EQ(all[1].status, TransactionStatus::kOk);
  EXPECT_EQ(Detail(all[1], "ip"), "192.168.0.5");
  EXPECT_EQ(decoder_.service(), "profinet-dcp");
}

// That an Identify was a multicast, the flow tells (tracker_end_test.cc).
TEST_F(PnDecoderTest, WhatNobodyAnsweredIsNoReply) {
  Send(true, Dcp("fefe", "0500", DcpBlock("ffff", "")));
  Send(true, Dcp("fefd", "0400", DcpBlock("0505", "0000"), 9));
  decoder_.Expire(now_ + 20 * kSecond, out_);
  const std::vector<Transaction> all = Take();
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].status, TransactionStatus::kNoReply);
  EXPECT_EQ(all[0].attack_technique, "T0846");
  EXPECT_EQ(all[1].status, TransactionStatus::kNoReply);  // nobody reset
  EXPECT_TRUE(all[1].command);
}

TEST_F(PnDecoderTest, RunToStopIsATransaction) {
  std::uint16_t cycle = 0;
  for (int i = 0; i < 50; ++i) Send(false, Cyclic("8001", cycle += 32, "35"));
  Send(false, Cyclic("8001", cycle += 96, "35"));
  Send(false, Cyclic("8001", cycle += 32, "25"));
  Send(false, Cyclic("8001", cycle, "25"));
  Send(true, Cyclic("8001", 9, "35"));  // the same frame id of the other side is another stream
  const std::vector<Transaction> all = Take();
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].operation, "cyclic_data_start");
  EXPECT_EQ(Detail(all[0], "data_status"), "run valid primary ok");
  EXPECT_EQ(Detail(all[0], "sent_by"), "resp");
  EXPECT_EQ(all[1].operation, "data_status_change");
  EXPECT_EQ(Detail(all[1], "data_status"), "stop valid primary ok");
  EXPECT_EQ(all[1].attack_technique, "T0858");
  EXPECT_TRUE(Flagged(all[1], "profinet-rt-stop"));
  EXPECT_EQ(Detail(all[2], "sent_by"), "orig");
  decoder_.Finish(out_);
  const Transaction summary = Take().at(0);
  EXPECT_EQ(Detail(summary, "packets"), "53");
  EXPECT_EQ(Detail(summary, "cycle_gaps"), "1");
  EXPECT_EQ(Detail(summary, "duplicates"), "1");
  EXPECT_EQ(decoder_.service(), "profinet-rt");
  EXPECT_EQ(out_.counters["profinet-rt.cyclic"], 54u);
}

TEST_F(PnDecoderTest, OT13_FlappingAndFrameIdsAreBounded) {
  for (int i = 0; i < 1000; ++i) Send(true, Cyclic("8001", 1, i % 2 == 0 ? "35" : "25"));
  EXPECT_LE(Take().size(), 101u);
  for (std::size_t i = 0; i < 200; ++i) {
    Send(true, Cyclic(U16(0x8100 + i).c_str(), 1, "35"));
  }
  EXPECT_EQ(Take().size(), PnDecoder::kMaxStreams - 1);
  EXPECT_LT(out_.anomalies.size(), 100u);
}

TEST_F(PnDecoderTest, AlarmsAndTheRest) {
  Send(false,
       "fc01 0001 0002 11 01 ffff fffe 002a 0001 0026 0100 0001 00000000 0002 0001"
       "00000011 00000022 a801 8000 0001 0203");
  const Transaction alarm = Take().at(0);
  EXPECT_EQ(alarm.operation, "alarm_notification_high");
  EXPECT_EQ(Detail(alarm, "alarm_type"), "diagnosis");
  EXPECT_EQ(Detail(alarm, "slot"), "2");
  Send(true, "fe01 0001 0002 13 00 ffff fffe 0000");
  Send(true, "ff41 0000");
  Send(true, "ff80 0000");
  EXPECT_TRUE(Take().empty());
  EXPECT_EQ(out_.counters["profinet-rt.alarm_acks"], 1u);
  EXPECT_EQ(out_.counters["profinet-rt.time_sync"], 1u);
  EXPECT_EQ(out_.counters["profinet-rt.fragments"], 1u);
}

TEST_F(PnDecoderTest, OT12_HostileFrames) {
  test::CheckHostile(
      [] { return std::make_unique<PnDecoder>(); },
      {Dcp("feff", "0501", DcpBlock("0202", "0000 6162") + DcpBlock("0203", "0000 002a 0a01")),
       Dcp("fefd", "0400", DcpBlock("0102", "0001 c0a80005 ffffff00 c0a80001")),
       Cyclic("8001", 3, "35"),
       "fc01 0001 0002 11 01 ffff fffe 002a 0001 0026 0100 0001 00000000 0002 0001"
       "00000011 00000022 a801 8000 0001 0203"});
}

}  // namespace
}  // namespace tapiary::capture::profinet
