#include "server/http/origin.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

Request From(const std::string& site, const std::string& origin,
             const std::string& host = "collector.example:8443") {
  Request request;
  if (!site.empty()) request.headers["sec-fetch-site"] = site;
  if (!origin.empty()) request.headers["origin"] = origin;
  if (!host.empty()) request.headers["host"] = host;
  return request;
}

TEST(Origin, WhatTheBrowserSaysOfTheSiteDecides) {
  struct Row {
    const char* site;
    bool own, read;
  };
  for (const Row& row :
       {Row{"same-origin", true, true}, Row{"none", false, true}, Row{"same-site", false, false},
        Row{"cross-site", false, false}, Row{"Same-Origin", false, false}}) {
    for (const char* origin : {"", "https://collector.example:8443", "https://evil.example"}) {
      EXPECT_EQ(IsFromOwnPage(From(row.site, origin)), row.own) << row.site << origin;
      EXPECT_EQ(MayRead(From(row.site, origin)), row.read) << row.site << origin;
      EXPECT_EQ(IsFromElsewhere(From(row.site, origin)), !row.read) << row.site << origin;
    }
  }
}

TEST(Origin, OlderBrowsersAreJudgedByOrigin) {
  EXPECT_TRUE(IsFromOwnPage(From("", "https://collector.example:8443")));
  EXPECT_TRUE(IsFromOwnPage(From("", "https://collector.example", "Collector.Example:443")));
  EXPECT_TRUE(IsFromOwnPage(From("", "https://[fd00::1]:8443", "[fd00::1]:8443")));
  for (const char* other :
       {"https://evil.example", "https://collector.example", "https://collector.example:8444",
        "http://collector.example:8443", "null", "https://collector.example:8443.evil.example",
        "https://collector.example:8443 https://evil.example"}) {
    EXPECT_FALSE(IsFromOwnPage(From("", other))) << other;
    EXPECT_FALSE(MayRead(From("", other))) << other;
    EXPECT_TRUE(IsFromElsewhere(From("", other))) << other;
  }
  EXPECT_FALSE(IsFromOwnPage(From("", "https://", "")));
}

TEST(Origin, ARequestThatSaysNothingMayReadAndLogInButNotWriteByItsCookie) {
  EXPECT_FALSE(IsFromOwnPage(From("", "")));
  EXPECT_TRUE(MayRead(From("", "")));
  EXPECT_FALSE(IsFromElsewhere(From("", "")));
}

}  // namespace
}  // namespace tapiary::server
