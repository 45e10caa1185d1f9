#include "capture/ot/guesser.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/capture/support/meter_run.h"

namespace tapiary::capture {
namespace {

using test::Adu;
using test::Hex;
using State = OtGuesser::State;

OtFlowInfo Tcp(std::uint16_t port0, std::uint16_t port1) {
  OtFlowInfo info;
  info.ip_proto = 6;
  info.ports[0] = port0;
  info.ports[1] = port1;
  return info;
}
OtFlowInfo Udp(std::uint16_t port0, std::uint16_t port1) {
  OtFlowInfo info = Tcp(port0, port1);
  info.ip_proto = 17;
  return info;
}

State Add(OtGuesser& guesser, std::uint8_t side, const std::string& hex, bool cut = false) {
  const std::vector<std::uint8_t> bytes = Hex(hex);
  return guesser.Add({side, bytes, cut, test::kStart});
}

// FINS on UDP, from node 1 to node 2 and back.
std::string FinsAsk(int sid) {
  return "80000200020000010" + std::to_string(sid % 10) + "00" + "0501";
}

const std::string kRead = Adu(1, 1, "0300000002");
const std::string kReply = Adu(1, 1, "030400010002");

TEST(OtGuesser, OT06_OneMatchOnTheUsualPortTwoElsewhere) {
  OtGuesser usual(Tcp(40000, 502));
  EXPECT_EQ(Add(usual, 0, kRead), State::kFound);
  EXPECT_EQ(usual.protocol()->service, "modbus");
  EXPECT_EQ(usual.client_side(), 0);
  EXPECT_FALSE(usual.foreign());
  OtGuesser other(Tcp(40000, 1502));
  EXPECT_EQ(Add(other, 0, kRead), State::kOpen);
  EXPECT_EQ(Add(other, 1, kReply), State::kFound);
  EXPECT_EQ(other.size(), 2u);
}

// "03" may begin a TPKT, which on the port of IEC 104 is no reason to wait.
TEST(OtGuesser, OT04_OthersNeedAMatchToWaitForOnAUsualPort) {
  const std::vector<std::uint8_t> byte = {3};
  EXPECT_FALSE(CouldBeOt({0, byte, false, 0}, Tcp(40000, 2404)));
  EXPECT_TRUE(CouldBeOt({0, byte, false, 0}, Tcp(40000, 12404)));
  OtGuesser guesser(Tcp(40000, 2404));
  EXPECT_EQ(Add(guesser, 0, "03"), State::kNone);
  EXPECT_EQ(Add(guesser, 0, "680407000000"), State::kFound);
}

TEST(OtGuesser, OT06_WhatComesBeforeTheFirstPduIsShed) {
  OtFlowInfo info = Tcp(40000, 502);
  info.begin_seen[0] = info.begin_seen[1] = true;
  OtGuesser guesser(info);
  EXPECT_EQ(Add(guesser, 0, "1603"), State::kOpen);  // could be a transaction id
  EXPECT_EQ(Add(guesser, 0, kRead), State::kFound);
  EXPECT_TRUE(guesser.foreign());
  ASSERT_EQ(guesser.size(), 1u);
  EXPECT_EQ(guesser.sighting(0).bytes.size(), Hex(kRead).size());
}

// Of a connection that was joined in the middle, it is the end of a PDU more likely than not.
TEST(OtGuesser, OT04_TornBeginsAreNotForeign) {
  OtGuesser guesser(Tcp(40000, 502));
  EXPECT_EQ(Add(guesser, 0, "1603"), State::kOpen);
  EXPECT_EQ(Add(guesser, 0, kRead), State::kFound);
  EXPECT_FALSE(guesser.foreign());
}

TEST(OtGuesser, OT04_AGapCostsItsSideOnly) {
  OtGuesser guesser(Tcp(40000, 1502));
  EXPECT_EQ(Add(guesser, 0, kRead), State::kOpen);
  EXPECT_EQ(Add(guesser, 1, kReply.substr(0, 8)), State::kOpen);
  EXPECT_EQ(guesser.Gap(1, false), State::kOpen);
  EXPECT_EQ(Add(guesser, 1, kReply), State::kFound);
  EXPECT_EQ(guesser.size(), 2u);
}

TEST(OtGuesser, OT12_ACutEndMayBeEnough) {
  OtGuesser guesser(Tcp(40000, 502));
  EXPECT_EQ(Add(guesser, 0, kRead.substr(0, 20)), State::kOpen);
  EXPECT_EQ(guesser.Gap(0, true), State::kFound);
  EXPECT_TRUE(guesser.sighting(0).cut);
}

TEST(OtGuesser, OT08_ThePortIsDoubtedUntilTheOtherSideOrTheEnd) {
  OtGuesser both(Tcp(502, 1502));
  EXPECT_EQ(Add(both, 0, kRead), State::kOpen);  // from the server's port
  EXPECT_EQ(Add(both, 1, kReply), State::kFound);
  EXPECT_EQ(both.client_side(), 0);
  OtGuesser one(Tcp(502, 1502));
  EXPECT_EQ(Add(one, 0, kRead), State::kOpen);
  EXPECT_EQ(one.Settle(), State::kFound);
  EXPECT_EQ(one.client_side(), 0);
}

TEST(OtGuesser, OT13_WhatIsHeldIsBounded) {
  OtGuesser guesser(Tcp(502, 1502));
  State state = State::kOpen;
  for (int i = 0; i < 1000 && state == State::kOpen; ++i) {
    state = Add(guesser, 0, kRead);
    EXPECT_LE(guesser.held_bytes(), 64u * 1024);
  }
  EXPECT_EQ(state, State::kFound);  // full: what there is must do
  EXPECT_EQ(guesser.client_side(), 0);
}

// Each look goes over all segments: a byte at a time must not make that long.
TEST(OtGuesser, OT13_SegmentsHeldAreBounded) {
  OtGuesser guesser(Tcp(40000, 1502));
  State state = State::kOpen;
  std::size_t most = 0;
  int segments = 0;
  for (; segments < 3000 && state == State::kOpen; ++segments) {
    state = Add(guesser, static_cast<std::uint8_t>(segments % 2), segments < 2 ? "03" : "00");
    most = std::max(most, guesser.size());
  }
  EXPECT_LE(most, OtGuesser::kMaxSegments);
}

TEST(OtGuesser, OT06_ABurstOfDatagramsBeforeTheFirstAnswer) {
  const std::string reply =
      "c0000200010000020000"
      "0501"
      "0000";
  for (const int burst : {1, 2, 20, 100}) {
    OtGuesser guesser(Udp(40000, 19600));
    for (int i = 0; i < burst; ++i) EXPECT_EQ(Add(guesser, 0, FinsAsk(i)), State::kOpen);
    // A command that nobody knows, and junk.
    EXPECT_EQ(Add(guesser, 0, "8000020002000001000077ff"), State::kOpen);
    EXPECT_EQ(Add(guesser, 0, "ffff"), State::kOpen);
    ASSERT_EQ(Add(guesser, 1, reply), State::kFound) << burst;
    EXPECT_EQ(guesser.protocol()->service, "fins");
    EXPECT_EQ(guesser.client_side(), 0);
    EXPECT_EQ(guesser.size(), static_cast<std::size_t>(burst) + 3);
  }
}

// Modbus on UDP needs the answer to the first request, which is not the last one sent.
TEST(OtGuesser, OT06_TheAnswerOfABurstMatchesItsRequest) {
  OtGuesser guesser(Udp(40000, 1502));
  for (std::uint16_t i = 1; i <= 30; ++i) {
    EXPECT_EQ(Add(guesser, 0, Adu(i, 1, "0300000002")), State::kOpen);
  }
  EXPECT_EQ(Add(guesser, 1, kReply), State::kFound);
  EXPECT_EQ(guesser.protocol()->service, "modbus");
}

TEST(OtGuesser, OT13_StrangeDatagramsEndTheWait) {
  OtGuesser guesser(Udp(40000, 19600));
  EXPECT_EQ(Add(guesser, 0, FinsAsk(1)), State::kOpen);
  State state = State::kOpen;
  for (std::uint32_t i = 0; i <= OtGuesser::kMaxStrangers && state == State::kOpen; ++i) {
    state = Add(guesser, 0, "ffff");
  }
  EXPECT_EQ(state, State::kNone);
  OtGuesser junk(Udp(40000, 19600));
  EXPECT_EQ(Add(junk, 0, "ffff"), State::kNone);
}

TEST(OtGuesser, OT13_DatagramsHeldAreBounded) {
  OtGuesser guesser(Udp(40000, 19600));
  for (int i = 0; i < 2000; ++i) ASSERT_EQ(Add(guesser, 0, FinsAsk(i)), State::kOpen);
  EXPECT_LE(guesser.held_bytes(), 64u * 1024);
  EXPECT_TRUE(guesser.foreign());  // what was given up is named
}

}  // namespace
}  // namespace tapiary::capture
