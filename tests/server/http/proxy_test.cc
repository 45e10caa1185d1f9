#include "server/http/proxy.h"

#include <gtest/gtest.h>

#include "server/http/handler.h"

namespace tapiary::server {
namespace {

TrustedProxies Parsed(const std::vector<std::string>& networks, const std::string& header = "") {
  const auto proxies = TrustedProxies::Parse(networks, header);
  EXPECT_TRUE(proxies) << proxies.error().message;
  return proxies ? *proxies : TrustedProxies();
}

Request From(const std::string& peer, const std::string& forwarded) {
  Request request;
  request.peer = peer;
  request.headers["x-forwarded-for"] = forwarded;
  request.headers["x-user"] = "ann";
  return request;
}

TEST(TrustedProxies, CO07_NobodyIsTrustedByDefault) {
  const TrustedProxies none;
  EXPECT_EQ(none.ClientOf(From("127.0.0.1", "203.0.113.9")), "127.0.0.1");
  EXPECT_EQ(none.UserOf(From("127.0.0.1", "")), "");
  const TrustedProxies addresses = Parsed({"127.0.0.1"});
  EXPECT_EQ(addresses.UserOf(From("127.0.0.1", "")), "");  // no header was named
}

TEST(TrustedProxies, CO07_OnlyTheListedPeersAreBelieved) {
  const TrustedProxies proxies = Parsed({"10.1.0.0/16", "fd00::1"}, "X-User");
  for (const char* peer : {"10.1.2.3", "::ffff:10.1.2.3", "fd00::1"}) {
    EXPECT_EQ(proxies.UserOf(From(peer, "")), "ann") << peer;
    EXPECT_EQ(proxies.ClientOf(From(peer, "203.0.113.9")), "203.0.113.9") << peer;
  }
  for (const char* peer : {"10.2.0.1", "127.0.0.1", "fd00::2", "::1", "", "x"}) {
    EXPECT_EQ(proxies.UserOf(From(peer, "10.1.2.3")), "") << peer;
    EXPECT_EQ(proxies.ClientOf(From(peer, "10.1.2.3")), peer);
  }
}

TEST(TrustedProxies, CO07_AHeaderThatCameTwiceNamesNobody) {
  const TrustedProxies proxies = Parsed({"10.1.0.0/16"}, "x-user");
  Request request = From("10.1.0.1", "");
  request.repeated = {"x-user"};
  EXPECT_EQ(proxies.UserOf(request), "");
}

TEST(TrustedProxies, CO07_WhatTheClientItselfPutInFrontIsNotBelieved) {
  const TrustedProxies proxies = Parsed({"10.1.0.0/16"});
  const auto client = [&](const char* forwarded) {
    return proxies.ClientOf(From("10.1.0.1", forwarded));
  };
  EXPECT_EQ(client("1.1.1.1, 203.0.113.9"), "203.0.113.9");
  EXPECT_EQ(client("1.1.1.1,203.0.113.9 , 10.1.0.2"), "203.0.113.9");
  EXPECT_EQ(client("<script>, 10.1.0.2"), "10.1.0.2");
  EXPECT_EQ(client("203.0.113.9, junk"), "10.1.0.1");
  EXPECT_EQ(client(""), "10.1.0.1");
  EXPECT_EQ(client(",,,"), "10.1.0.1");
  EXPECT_EQ(client("10.1.0.3"), "10.1.0.3");
}

TEST(TrustedProxies, ABitMoreOrLessCounts) {
  const TrustedProxies proxies = Parsed({"10.1.2.128/25", "fd00::/7"}, "x-user");
  EXPECT_EQ(proxies.UserOf(From("10.1.2.128", "")), "ann");
  EXPECT_EQ(proxies.UserOf(From("10.1.2.127", "")), "");
  EXPECT_EQ(proxies.UserOf(From("fc00::1", "")), "ann");
  EXPECT_EQ(proxies.UserOf(From("fe00::1", "")), "");
}

TEST(TrustedProxies, CO07_EverybodyIsNoProxyAndBadTextIsTold) {
  for (const char* network :
       {"0.0.0.0/0", "::/0", "10.0.0.0/33", "fd00::/129", "10.0.0.0/", "host", "10.0.0.0/8x", ""}) {
    EXPECT_FALSE(TrustedProxies::Parse({network}, "")) << network;
  }
  for (const char* header : {"x user", "authorization", "Cookie", "x:y", "x_user"}) {
    EXPECT_FALSE(TrustedProxies::Parse({"10.0.0.1"}, header)) << header;
  }
  EXPECT_FALSE(TrustedProxies::Parse({}, "x-user"));
}

}  // namespace
}  // namespace tapiary::server
