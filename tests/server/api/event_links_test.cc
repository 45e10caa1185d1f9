#include "server/api/event_links.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

using testing::ElementsAre;

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kNoon = 1'700'000'000 * kSecond;

capture::IpAddress Ip(const char* text) {
  return *capture::ParseIpAddress(text);
}

// At noon, from 203.0.113.7:4711 to 10.0.0.2:22.
LinkEvent Event() {
  return {.time_ns = kNoon,
          .source_ip = Ip("203.0.113.7"),
          .source_port = 4711,
          .destination_ip = Ip("10.0.0.2"),
          .destination_port = 22};
}

// A minute long, around noon and `later` seconds.
LinkFlow Flow(const std::string& id, std::int64_t later = 0, std::uint16_t port = 4711) {
  LinkFlow flow;
  flow.id = id;
  flow.community_id = "1:" + id;
  flow.start_ns = kNoon + (later - 30) * kSecond;
  flow.end_ns = kNoon + (later + 30) * kSecond;
  flow.orig_ip = Ip("203.0.113.7");
  flow.orig_port = port;
  flow.resp_ip = Ip("10.0.0.2");
  flow.resp_port = 22;
  return flow;
}

std::string Judged(const LinkEvent& event, std::vector<LinkFlow> flows) {
  const Links links = JudgeLinks(event, std::move(flows));
  std::string text = ToString(links.state);
  for (const LinkFlow& flow : links.flows) text += " " + flow.id;
  return text;
}

TEST(EventLinks, TheConversationOfItsPortsAndTime) {
  EXPECT_EQ(Judged(Event(), {Flow("a", 0, 4712), Flow("b"), Flow("c", 0, 4713)}), "linked b");
  EXPECT_EQ(Judged(Event(), {Flow("a", 0, 4712)}), "none");
  EXPECT_EQ(Judged(Event(), {}), "none");
  const Links links = JudgeLinks(Event(), {Flow("b")});
  EXPECT_THAT(links.flows[0].agrees, ElementsAre("source.ip", "source.port", "destination.ip",
                                                 "destination.port", "time"));
  EXPECT_EQ(links.flows[0].offset_ns, 0);
}

// Behind a forwarded port the honeypot's own address and port are not those on the wire.
TEST(EventLinks, AnotherDestinationIsSaidAndNoReasonAgainst) {
  LinkEvent event = Event();
  event.destination_ip = Ip("172.17.0.2");
  event.destination_port = 2222;
  const Links links = JudgeLinks(event, {Flow("b")});
  EXPECT_EQ(links.state, LinkState::kLinked);
  EXPECT_THAT(links.flows[0].differs, ElementsAre("destination.ip", "destination.port"));
  LinkFlow other = Flow("c");
  other.resp_port = 2222;
  EXPECT_EQ(Judged(event, {Flow("b"), other}), "linked c") << "what agrees more goes first";
}

TEST(EventLinks, HP01_ClockThatIsOffGivesALikelyLinkWithItsOffset) {
  const Links links = JudgeLinks(Event(), {Flow("b", 7200)});
  EXPECT_EQ(links.state, LinkState::kLikely);
  EXPECT_EQ(links.flows[0].offset_ns, -7170 * kSecond);
  EXPECT_THAT(links.flows[0].differs, ElementsAre("time"));
  EXPECT_EQ(JudgeLinks(Event(), {Flow("b", -7200)}).flows[0].offset_ns, 7170 * kSecond);
  EXPECT_EQ(Judged(Event(), {Flow("far", 7200), Flow("near", 200)}), "linked near");
  EXPECT_EQ(Judged(Event(), {Flow("b", 7200), Flow("c", 4000)}), "ambiguous c b");
}

// What is known of the clock moves the search; the offset shown is that of the stated time.
TEST(EventLinks, HP01_KnownClockMovesTheSearchOnly) {
  LinkEvent event = Event();
  event.clock_ns = -7200 * kSecond;
  const Links links = JudgeLinks(event, {Flow("now"), Flow("later", 7200)});
  EXPECT_EQ(links.state, LinkState::kLinked);
  ASSERT_EQ(links.flows.size(), 1u);
  EXPECT_EQ(links.flows[0].id, "later");
  EXPECT_EQ(links.flows[0].offset_ns, -7170 * kSecond);
}

// The honeypot sees its gateway; the wire has the attacker, with the same port.
TEST(EventLinks, HP03_BehindAGatewayThePortInTimeIsLikely) {
  LinkEvent event = Event();
  event.source_ip = Ip("172.17.0.1");
  const Links links = JudgeLinks(event, {Flow("b"), Flow("c", 0, 4712), Flow("d", 7200)});
  EXPECT_EQ(links.state, LinkState::kLikely);
  ASSERT_EQ(links.flows.size(), 1u);
  EXPECT_EQ(links.flows[0].id, "b");
  EXPECT_THAT(links.flows[0].differs, ElementsAre("source.ip"));
  EXPECT_EQ(Judged(event, {Flow("b"), Flow("c", 100)}), "ambiguous b c");
  EXPECT_EQ(Judged(event, {Flow("d", 7200)}), "none") << "a port alone, at another time";
  LinkFlow own = Flow("own", 100);
  own.orig_ip = event.source_ip;
  EXPECT_EQ(Judged(event, {Flow("b"), own}), "linked own") << "its own source goes first";
  event.source_port.reset();
  EXPECT_EQ(Judged(event, {Flow("b")}), "none");
}

TEST(EventLinks, TimesAtTheEndsOfTheScaleAreReckonedWith) {
  LinkEvent event = Event();
  event.time_ns = INT64_MIN + 1;
  event.clock_ns = INT64_MAX;
  LinkFlow far = Flow("far");
  far.start_ns = INT64_MAX - 1;
  far.end_ns = INT64_MAX;
  EXPECT_EQ(Judged(event, {far}), "likely far");
  far.end_ns = INT64_MIN;  // of a sensor that says anything
  EXPECT_EQ(Judged(event, {far, Flow("b")}), "ambiguous far b");
}

TEST(EventLinks, SlackIsAFewMinutesOnEitherSide) {
  for (const std::int64_t later : {-330, 330}) {
    EXPECT_EQ(Judged(Event(), {Flow("b", later)}), "linked b");
    EXPECT_EQ(Judged(Event(), {Flow("b", later + (later < 0 ? -1 : 1))}), "likely b");
  }
}

TEST(EventLinks, WithoutItsPortTheOnlyOneInTimeIsLikely) {
  LinkEvent event = Event();
  event.source_port.reset();
  EXPECT_EQ(Judged(event, {Flow("b", 0, 1)}), "likely b");
  EXPECT_EQ(Judged(event, {Flow("b", 0, 1), Flow("c", 0, 2)}), "ambiguous b c");
  EXPECT_EQ(Judged(event, {Flow("b", 7200, 1)}), "none");
  LinkFlow telnet = Flow("d", 0, 3);
  telnet.resp_port = 23;
  EXPECT_EQ(Judged(event, {telnet, Flow("b", 0, 1)}), "likely b");
}

TEST(EventLinks, TwoSensorsThatSawOneConversationAreNoDoubt) {
  LinkFlow second = Flow("other");
  second.community_id = Flow("b").community_id;
  EXPECT_EQ(Judged(Event(), {Flow("b"), second}), "linked b other");
  LinkFlow again = Flow("later", 7200 + 600);
  LinkFlow once = Flow("b", 7200);
  again.community_id = once.community_id;
  EXPECT_EQ(Judged(Event(), {once, again}), "ambiguous b later") << "the port was used again";
  EXPECT_EQ(Conversations({}), 0u);
}

}  // namespace
}  // namespace tapiary::server
