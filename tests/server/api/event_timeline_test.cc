#include "server/api/event_timeline.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kSecond = base::kNanosPerSecond;
constexpr std::int64_t kNoon = 1'700'000'000 * kSecond;

// A minute from noon on.
TimelineFlow Flow(std::uint16_t port) {
  TimelineFlow one;
  one.flow.id = "s.1." + std::to_string(port);
  one.flow.orig_ip = *capture::ParseIpAddress("203.0.113.7");
  one.flow.orig_port = port;
  one.flow.start_ns = kNoon;
  one.flow.end_ns = kNoon + 60 * kSecond;
  return one;
}

TimelineEvent Event(std::int64_t id, std::int64_t at, const char* action, int port = 4711) {
  TimelineEvent event;
  event.id = id;
  event.action = action;
  event.ends.time_ns = kNoon + at;
  event.ends.source_ip = *capture::ParseIpAddress("203.0.113.7");
  if (port != 0) event.ends.source_port = static_cast<std::uint16_t>(port);
  return event;
}

TimelineTransaction Request(std::int64_t at, std::int64_t code, std::size_t flow = 0) {
  TimelineTransaction one;
  one.flow = flow;
  one.time_ns = kNoon + at;
  one.protocol = "modbus";
  one.code = code;
  return one;
}

std::vector<std::int64_t> EventsOf(const Timeline& line) {
  std::vector<std::int64_t> ids;
  for (const auto& one : line.transactions) ids.push_back(one.event.value_or(0));
  return ids;
}

TEST(EventTimeline, EventVouchesForOneTransactionTheNearest) {
  Timeline line{
      {Event(1, 0, "connect"), Event(2, kSecond, "request"), Event(3, 10 * kSecond, "request")},
      {Flow(4711)},
      {Request(kSecond - 100, 3), Request(kSecond + 5000, 3), Request(10 * kSecond, 3),
       Request(30 * kSecond, 6)}};
  Join(line);
  EXPECT_THAT(EventsOf(line), ElementsAre(2, 0, 3, 0));
  EXPECT_EQ(line.events[0].transaction, std::nullopt) << "a connection is no request";
  EXPECT_THAT(line.flows[0].events, ElementsAre(1, 2, 3));
}

TEST(EventTimeline, FurtherThanTwoSecondsApartAreTwoThings) {
  Timeline line{{Event(1, 5 * kSecond, "request")},
                {Flow(4711)},
                {Request(3 * kSecond, 3), Request(7 * kSecond + 1, 3)}};
  Join(line);
  EXPECT_THAT(EventsOf(line), ElementsAre(1, 0));
  line.events[0].ends.time_ns += 1;
  line.transactions[0].event.reset();
  line.flows[0].events.clear();
  line.events[0].flows.clear();
  Join(line);
  EXPECT_THAT(EventsOf(line), ElementsAre(0, 1));
}

// Conpot before September 2026: every event has the time at which its session began.
TEST(EventTimeline, SessionStartTimesGoInOrderAndByFunction) {
  TimelineEvent read = Event(1, 0, "request");
  read.has_time = false;
  read.function = 3;
  TimelineEvent again = read;
  again.id = 2;
  Timeline line{{read, again},
                {Flow(4711)},
                {Request(kSecond, 3), Request(20 * kSecond, 6), Request(40 * kSecond, 3)}};
  Join(line);
  EXPECT_THAT(EventsOf(line), ElementsAre(1, 0, 2)) << "the write was never logged";
  EXPECT_EQ(line.events[1].wire_ns, kNoon + 40 * kSecond) << "it stands where it happened";
}

TEST(EventTimeline, ProtocolAndFlowMustBeTheEvents) {
  TimelineEvent event = Event(1, 0, "request");
  event.protocol = "s7comm";
  Timeline line{{event, Event(2, 0, "request")},
                {Flow(4711), Flow(4712)},
                {Request(0, 3, 0), Request(0, 3, 1)}};
  Join(line);
  EXPECT_THAT(EventsOf(line), ElementsAre(2, 0));
  EXPECT_FALSE(line.flows[0].WireOnly());
  EXPECT_TRUE(line.flows[1].WireOnly());
}

TEST(EventTimeline, EventWithoutPacketsAndOneThatMayBeOfSeveral) {
  Timeline line{{Event(1, 0, "connect", 9), Event(2, 0, "login", 0)}, {Flow(4711), Flow(4712)}, {}};
  Join(line);
  EXPECT_EQ(line.events[0].state, LinkState::kNone);
  EXPECT_EQ(line.events[1].state, LinkState::kAmbiguous);
  for (const TimelineFlow& flow : line.flows) {
    EXPECT_TRUE(flow.maybe);
    EXPECT_FALSE(flow.WireOnly());
    EXPECT_TRUE(flow.events.empty());
  }
}

TEST(EventTimeline, WhatWentOnAfterTheLoggedEnd) {
  for (const auto& [at, after] : {std::pair<std::int64_t, std::int64_t>{20, 40}, {56, 0}}) {
    Timeline line{{Event(1, 0, "connect"), Event(2, at * kSecond, "disconnect")}, {Flow(4711)}, {}};
    Join(line);
    EXPECT_EQ(line.flows[0].after_end_ns, after * kSecond);
  }
  TimelineEvent end = Event(1, 0, "disconnect");
  end.has_time = false;
  Timeline line{{end}, {Flow(4711)}, {}};
  Join(line);
  EXPECT_EQ(line.flows[0].after_end_ns, 0) << "its time is none of the end";
}

TEST(EventTimeline, HP01_KnownClockMovesEventsToTheirPackets) {
  TimelineEvent event = Event(1, 7200 * kSecond, "request");
  event.ends.clock_ns = 7200 * kSecond;
  Timeline line{{event}, {Flow(4711)}, {Request(0, 3)}};
  Join(line);
  EXPECT_EQ(line.events[0].state, LinkState::kLinked);
  EXPECT_EQ(line.events[0].wire_ns, kNoon);
  EXPECT_THAT(EventsOf(line), ElementsAre(1));
}

}  // namespace
}  // namespace tapiary::server
