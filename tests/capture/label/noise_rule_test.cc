#include "capture/label/noise_rule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tapiary::capture {
namespace {

using testing::HasSubstr;

NoiseRule Parse(std::string_view text) {
  const auto rule = ParseNoiseRule(text);
  EXPECT_TRUE(rule) << rule.error().ToString();
  return rule ? *rule : NoiseRule();
}

std::string Error(std::string_view text) {
  const auto rule = ParseNoiseRule(text);
  EXPECT_FALSE(rule) << text;
  return rule ? "" : rule.error().message;
}

TEST(NoiseRule, FileAndName) {
  EXPECT_EQ(Parse("/etc/lists/shodan.txt").path, "/etc/lists/shodan.txt");
  EXPECT_EQ(Parse("/etc/lists/shodan.txt").name, "shodan");
  EXPECT_EQ(Parse("shodan").name, "shodan");
  EXPECT_EQ(Parse(".hidden").name, ".hidden");
  EXPECT_EQ(Parse("a=b.txt=Shodan scans").path, "a=b.txt");
  EXPECT_EQ(Parse("a=b.txt=Shodan scans").name, "Shodan scans");
  EXPECT_TRUE(Parse("a").store);
  EXPECT_TRUE(Parse("a").either);
}

TEST(NoiseRule, Options) {
  const NoiseRule rule = Parse("a.txt=n,store=no,side=originator,proto=tcp,port=502-510");
  EXPECT_EQ(rule.name, "n");
  EXPECT_FALSE(rule.store);
  EXPECT_FALSE(rule.either);
  EXPECT_TRUE(rule.Wants(6, 502));
  EXPECT_TRUE(rule.Wants(6, 510));
  EXPECT_FALSE(rule.Wants(6, 511));
  EXPECT_FALSE(rule.Wants(6, 501));
  EXPECT_FALSE(rule.Wants(17, 502));
  EXPECT_TRUE(Parse("a,port=502").Wants(17, 502));
  EXPECT_FALSE(Parse("a,port=502").Wants(17, 503));
  EXPECT_TRUE(Parse("a,proto=47").Wants(47, 0));
  EXPECT_TRUE(Parse("a,proto=udp").Wants(17, 9));
  EXPECT_TRUE(Parse("a,proto=icmp").Wants(1, 9));
  EXPECT_TRUE(Parse("a,proto=icmp6").Wants(58, 9));
  EXPECT_TRUE(Parse("a").Wants(255, UINT16_MAX));
}

TEST(NoiseRule, MistakesAreTold) {
  EXPECT_THAT(Error(""), HasSubstr("names no list file"));
  EXPECT_THAT(Error("=name"), HasSubstr("names no list file"));
  EXPECT_THAT(Error(",store=no"), HasSubstr("names no list file"));
  EXPECT_THAT(Error("a="), HasSubstr("no name"));
  EXPECT_THAT(Error("a=x\ny"), HasSubstr("x\\x0ay"));
  EXPECT_THAT(Error("folder/"), HasSubstr("no name"));
  EXPECT_THAT(Error("a,store=maybe"), HasSubstr("'maybe' is no value of store"));
  EXPECT_THAT(Error("a,store"), HasSubstr("no value of store"));
  EXPECT_THAT(Error("a,side=resp"), HasSubstr("no value of side"));
  EXPECT_THAT(Error("a,proto=256"), HasSubstr("no value of proto"));
  EXPECT_THAT(Error("a,port=65536"), HasSubstr("no value of port"));
  EXPECT_THAT(Error("a,port=9-8"), HasSubstr("no value of port"));
  EXPECT_THAT(Error("a,port=1-2-3"), HasSubstr("no value of port"));
  EXPECT_THAT(Error("a,"), HasSubstr("is no option"));
  EXPECT_THAT(Error("a,drop=yes"), HasSubstr("'drop=yes' is no option"));
}

}  // namespace
}  // namespace tapiary::capture
