#include "capture/flow/tcp.h"

#include <gtest/gtest.h>

namespace tapiary::capture {
namespace {

constexpr std::uint8_t kSynAck = kTcpSyn | kTcpAck;

class TcpTest : public ::testing::Test {
 protected:
  void See(std::uint8_t side, std::uint8_t flags, std::uint32_t seq, std::uint32_t length = 0,
           std::uint32_t ack = 0) {
    if (hot_.tcp_flags[0] == 0 && hot_.tcp_flags[1] == 0) hot_.SetOrigSide(side);
    UpdateTcp(hot_, cold_, side, {seq, ack, flags}, length);
  }
  [[nodiscard]] bool NewConnection(std::uint8_t side, std::uint8_t flags, std::uint32_t seq,
                                   std::uint32_t ack = 0) const {
    return BeginsNewConnection(hot_, cold_, side, {seq, ack, flags});
  }
  FlowHot hot_;
  FlowCold cold_;
};

TEST_F(TcpTest, FL01_SynSenderOriginates) {
  See(1, kTcpSyn, 10);
  See(0, kSynAck, 20, 0, 11);
  See(1, kTcpAck, 11);
  EXPECT_EQ(hot_.orig_side(), 1);
  EXPECT_EQ(hot_.role_by, RoleBy::kSyn);
  EXPECT_EQ(hot_.state, TcpState::kEstablished);
}

TEST_F(TcpTest, AnOrderlyConnectionHasNoRarePart) {
  See(0, kTcpSyn, 10);
  See(1, kSynAck, 20, 0, 11);
  See(0, kTcpAck, 11, 100, 21);
  See(1, kTcpAck, 21, 1000, 111);
  See(0, kTcpAck | kTcpFin, 111, 0, 1021);
  See(1, kTcpAck | kTcpFin, 1021, 0, 112);
  EXPECT_EQ(hot_.state, TcpState::kClosed);
  EXPECT_TRUE(cold_.has_isn(0) && cold_.has_isn(1));
  EXPECT_EQ(cold_.isn[0], 10u);
  EXPECT_EQ(cold_.isn[1], 20u);
  EXPECT_EQ(cold_.more, nullptr);
  See(0, kTcpAck, 200, 10);  // beyond the end: a gap
  EXPECT_TRUE(HasRare(cold_));
}

TEST_F(TcpTest, FL01_SynAckFollowedByDataFlips) {
  See(0, kSynAck, 20);
  EXPECT_EQ(hot_.orig_side(), 0);
  See(1, kTcpAck, 11);
  EXPECT_EQ(hot_.orig_side(), 1);
  EXPECT_EQ(hot_.role_by, RoleBy::kSynAck);
}

TEST_F(TcpTest, FL01_SynAckAnsweredByResetDoesNot) {
  See(0, kSynAck, 20);
  See(1, kTcpRst, 11);
  EXPECT_EQ(hot_.orig_side(), 0);
  EXPECT_EQ(hot_.role_by, RoleBy::kFirstSeen);
}

TEST_F(TcpTest, FL01_RoleNeverChangesAfterExport) {
  See(0, kTcpAck, 20);
  (void)ExportFlow(hot_, cold_, {}, EndReason::kActive, false);
  SetRole(hot_, 1, RoleBy::kRequest);
  EXPECT_EQ(hot_.orig_side(), 0);
}

TEST_F(TcpTest, FL02_SynRepeatedOrDeliveredLateBelongs) {
  See(0, kSynAck, 500, 0, 101);
  EXPECT_FALSE(NewConnection(1, kTcpSyn, 100));  // its own SYN, late
  See(1, kTcpSyn, 100);
  EXPECT_FALSE(NewConnection(1, kTcpSyn, 100));
  EXPECT_EQ(hot_.orig_side(), 1);
}

TEST_F(TcpTest, FL02_SynWithAnotherNumberIsAnotherConnection) {
  See(1, kTcpSyn, 100);
  See(0, kSynAck, 500, 0, 101);
  See(1, kTcpAck, 101);
  EXPECT_FALSE(NewConnection(1, kTcpSyn, 9000));  // both ends live: a challenge will answer it
  EXPECT_FALSE(NewConnection(0, kSynAck, 9000));  // nobody asked for it yet
  See(1, kTcpSyn, 9000);
  EXPECT_EQ(hot_.next_seq[1], 101u);
  EXPECT_TRUE(NewConnection(0, kSynAck, 7000, 9001));  // granted
  See(1, kTcpRst, 101);
  EXPECT_TRUE(NewConnection(0, kSynAck, 9000));
}

TEST_F(TcpTest, CloseNeedsBothEnds) {
  See(0, kTcpAck, 10, 5);
  EXPECT_EQ(hot_.state, TcpState::kMidstream);
  See(0, kTcpFin | kTcpAck, 15);
  EXPECT_EQ(hot_.state, TcpState::kClosing);
  See(0, kTcpFin | kTcpAck, 15);
  EXPECT_EQ(hot_.state, TcpState::kClosing);
  See(1, kTcpFin | kTcpAck, 70);
  EXPECT_EQ(hot_.state, TcpState::kClosed);
}

TEST_F(TcpTest, GapsAreMissedUntilTheyAreFilled) {
  See(0, kTcpAck, 100, 10);
  See(0, kTcpAck, 150, 10);
  See(0, kTcpAck, 200, 10);
  EXPECT_EQ(RareOf(cold_).sides[0].missed, 80u);
  See(0, kTcpAck, 110, 40);  // late, not repeated
  EXPECT_EQ(RareOf(cold_).sides[0].missed, 40u);
  EXPECT_EQ(RareOf(cold_).sides[0].retransmitted, 0u);
  See(0, kTcpAck, 110, 40);
  EXPECT_EQ(RareOf(cold_).sides[0].retransmitted, 1u);
}

TEST_F(TcpTest, SequenceNumbersWrapAndJumpsAreNoGaps) {
  See(0, kTcpAck, 0xfffffff0, 0x20);
  See(0, kTcpAck, 0x10, 4);
  EXPECT_EQ(RareOf(cold_).sides[0].missed, 0u);
  See(0, kTcpAck, 0x70000000, 4);
  EXPECT_EQ(RareOf(cold_).sides[0].missed, 0u);
  ASSERT_EQ(RareOf(cold_).anomalies.size(), 1u);
  EXPECT_EQ(RareOf(cold_).anomalies[0].first, "tcp-sequence-jump");
}

}  // namespace
}  // namespace tapiary::capture
