#include "server/api/event_view.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

TEST(EventView, CO02_AnswersAreValidUtf8WhateverIsInThem) {
  LinkFlow flow;
  flow.service = "a\xff";
  const std::string text = DumpJson(LinkJson(flow));
  EXPECT_TRUE(nlohmann::json::accept(text)) << text;
  EXPECT_TRUE(LinkJson({})["orig"]["ip"].is_null());
}

TEST(EventView, ClockSaysWhetherItIsUsed) {
  EXPECT_TRUE(ClockJson({}).is_null());
  EventClock clock{.offset_ns = 1'500'000'000, .spread_ns = 0, .samples = 2, .last_ns = 1};
  EXPECT_EQ(ClockJson(clock)["offset"], 1.5);
  EXPECT_EQ(ClockJson(clock)["used"], false);
  clock.samples = 3;
  EXPECT_EQ(ClockJson(clock)["used"], true);
  clock.spread_ns = 31 * base::kNanosPerSecond;
  EXPECT_EQ(ClockJson(clock)["used"], false);
}

TEST(EventView, IdsAreNumbersFromOne) {
  Request request;
  for (const char* bad : {"", "x", "0", "-1", "1x", " 1", "99999999999999999999"}) {
    request.path_params["id"] = bad;
    EXPECT_FALSE(ParseEventId(request)) << bad;
  }
  request.path_params["id"] = "17";
  EXPECT_EQ(*ParseEventId(request), 17);
}

}  // namespace
}  // namespace tapiary::server
