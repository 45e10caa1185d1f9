#include "server/http/target.h"

#include <gtest/gtest.h>

#include <string>

namespace tapiary::server {
namespace {

TEST(Target, SplitsAndDecodes) {
  const auto target = ParseTarget("/a%20b/c+d?filter=tcp.port%20%3D%3D+502&empty&x=2&&=v");
  ASSERT_TRUE(target) << target.error().message;
  EXPECT_EQ(target->path, "/a b/c+d");
  EXPECT_EQ(target->query.at("filter"), "tcp.port == 502");
  EXPECT_EQ(target->query.at("empty"), "");
  EXPECT_EQ(target->query.at("x"), "2");
}

TEST(Target, CO06_DecodesOnceOnly) {
  const auto target = ParseTarget("/%252e%252e/x?a=%2500");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->path, "/%2e%2e/x");
  EXPECT_EQ(target->query.at("a"), "%00");
}

TEST(Target, CO06_RefusesWhatHasNoMeaning) {
  for (const char* text : {"/%", "/%1", "/%zz", "/%00", "/a?x=%0", "/a?x=%00", "/a%0d%0aX: y",
                           "/a%7f", "", "*", "a", "?x", "ftp://host/", "example:443", "//%g0"}) {
    EXPECT_FALSE(ParseTarget(text)) << text;
  }
}

TEST(Target, TakesTheAbsoluteFormOfProxies) {
  EXPECT_EQ(ParseTarget("https://collector:8443/healthz?x=1")->path, "/healthz");
  EXPECT_EQ(ParseTarget("http://collector")->path, "/");
  EXPECT_FALSE(ParseTarget("http://collector?x=/healthz"));  // its path is none, not /healthz
}

TEST(Target, AParameterComesOnce) {
  const auto twice = ParseTarget("/f?filter=udp&last=1h&filter=tcp");
  ASSERT_FALSE(twice);
  EXPECT_NE(twice.error().message.find("'filter' comes twice"), std::string::npos);
}

TEST(Target, BoundsTheNumberOfParameters) {
  std::string text = "/?";
  for (int i = 0; i < 100; ++i) text += "a" + std::to_string(i) + "=1&";
  ASSERT_TRUE(ParseTarget(text));
  EXPECT_EQ(ParseTarget(text)->query.size(), 100U);
  EXPECT_FALSE(ParseTarget(text + "more=1"));
}

TEST(Target, KeepsBytesAboveAscii) {
  EXPECT_EQ(ParseTarget("/%c3%A9")->path, "/\xc3\xa9");
}

TEST(FindCookie, TakesTheWholeName) {
  constexpr const char* kHeader = "a=1; x__Host-tapiary=bad;__Host-tapiary=good ; b=2";
  EXPECT_EQ(FindCookie(kHeader, "__Host-tapiary"), "good");
  EXPECT_EQ(FindCookie(kHeader, "b"), "2");
  EXPECT_EQ(FindCookie(kHeader, "c"), "");
  EXPECT_EQ(FindCookie("", "c"), "");
  EXPECT_EQ(FindCookie(";;=;c", "c"), "");
  EXPECT_EQ(FindCookie("c=a=b", "c"), "a=b");
}

}  // namespace
}  // namespace tapiary::server
