#include "capture/label/noise.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/clock.h"
#include "tests/base/temp_folder.h"

namespace tapiary::capture {
namespace {

using testing::HasSubstr;

NoiseRule Rule(std::string_view text) {
  return *ParseNoiseRule(text);
}

std::vector<NoiseEntry> Entries(std::string_view text) {
  return *ParseNoiseList(text, "test", kMaxNoiseEntries);
}

NoiseQuery Query(std::string_view orig, std::string_view resp) {
  return {*ParseIpAddress(orig), *ParseIpAddress(resp), 6, 502, 0};
}

std::string Name(const NoiseFilter& filter, const NoiseQuery& query) {
  const NoiseMark* const mark = filter.Match(query);
  return mark == nullptr ? "" : mark->name;
}

TEST(NoiseFilter, LongestPrefixWins) {
  NoiseFilter filter;
  filter.Add(Rule("x=list"), Entries("10.0.0.0/8,wide\n10.1.0.0/16,mid\n10.1.2.3,host\n"
                                     "10.1.2.0/24\n0.0.0.0/0,all\n"));
  EXPECT_EQ(Name(filter, Query("10.1.2.3", "192.0.2.1")), "host");
  EXPECT_EQ(Name(filter, Query("10.1.2.4", "192.0.2.1")), "list");
  EXPECT_EQ(Name(filter, Query("10.1.3.1", "192.0.2.1")), "mid");
  EXPECT_EQ(Name(filter, Query("10.9.9.9", "192.0.2.1")), "wide");
  EXPECT_EQ(Name(filter, Query("192.0.2.2", "192.0.2.1")), "all");
  EXPECT_EQ(Name(filter, Query("2001:db8::1", "2001:db8::2")), "");  // 0.0.0.0/0 is IPv4
  EXPECT_EQ(filter.entries(), 5u);
}

TEST(NoiseFilter, Ipv6AtEveryKindOfPrefix) {
  NoiseFilter filter;
  filter.Add(Rule("x=list"), Entries("::/0,all\n2001:db8::/32,doc\n2001:db8:0:1::/64,net\n"
                                     "2001:db8:0:1:8000::/65,half\n2001:db8:0:1::7,host\n"));
  EXPECT_EQ(Name(filter, Query("2001:db8:0:1::7", "::1")), "host");
  EXPECT_EQ(Name(filter, Query("2001:db8:0:1::8", "::1")), "net");
  EXPECT_EQ(Name(filter, Query("2001:db8:0:1:8000::7", "::1")), "half");
  EXPECT_EQ(Name(filter, Query("2001:db8:0:2::7", "::1")), "doc");
  EXPECT_EQ(Name(filter, Query("fe80::1", "::1")), "all");
  EXPECT_EQ(Name(filter, Query("10.0.0.1", "10.0.0.2")), "");
}

TEST(NoiseFilter, EitherAddressUnlessTheRuleSaysOtherwise) {
  NoiseFilter either;
  either.Add(Rule("x=list"), Entries("10.0.0.1,one\n10.0.0.2,two\n"));
  EXPECT_EQ(Name(either, Query("10.0.0.1", "10.0.0.2")), "one");  // the originator's first
  EXPECT_EQ(Name(either, Query("10.0.0.3", "10.0.0.2")), "two");
  NoiseFilter originator;
  originator.Add(Rule("x=list,side=originator"), Entries("10.0.0.1\n"));
  EXPECT_EQ(Name(originator, Query("10.0.0.1", "10.0.0.2")), "list");
  EXPECT_EQ(Name(originator, Query("10.0.0.2", "10.0.0.1")), "");
}

TEST(NoiseFilter, ExpiredEntriesGiveWay) {
  NoiseFilter filter;
  filter.Add(Rule("x=list"), Entries("10.0.0.0/8,wide\n10.0.0.1,host,2026-12-31\n"));
  NoiseQuery query = Query("10.0.0.1", "192.0.2.1");
  query.time_ns = *base::ParseTime("2026-12-31T23:59:59.999999999Z");
  EXPECT_EQ(Name(filter, query), "host");
  ++query.time_ns;
  EXPECT_EQ(Name(filter, query), "wide");
  query.time_ns = INT64_MAX;
  EXPECT_EQ(Name(filter, query), "wide");
  query.time_ns = kTimeUnknown;
  EXPECT_EQ(Name(filter, query), "host");
}

TEST(NoiseFilter, RulesOfOneNetworkInOrder) {
  NoiseFilter filter;
  filter.Add(Rule("x=first,proto=udp"), Entries("10.0.0.1\n"));
  filter.Add(Rule("x=second,port=80,store=no"), Entries("10.0.0.1\n10.0.0.1,again\n"));
  filter.Add(Rule("x=third"), Entries("10.0.0.1\n10.0.0.0/24\n"));
  NoiseQuery query = Query("10.0.0.1", "192.0.2.1");
  EXPECT_EQ(Name(filter, query), "third");
  EXPECT_TRUE(filter.Match(query)->store);
  query.resp_port = 80;
  EXPECT_EQ(Name(filter, query), "second");
  EXPECT_FALSE(filter.Match(query)->store);
  query.proto = 17;
  EXPECT_EQ(Name(filter, query), "first");
}

TEST(NoiseFilter, NoAddressNoMatch) {
  NoiseFilter filter;
  filter.Add(Rule("x=list"), Entries("0.0.0.0/0\n::/0\n"));
  EXPECT_EQ(filter.Match(NoiseQuery{}), nullptr);
  EXPECT_EQ(NoiseFilter().Match(Query("10.0.0.1", "10.0.0.2")), nullptr);
}

// Against the plain definition: the longest network that contains the address.
TEST(NoiseFilter, ManyNetworksAsAWalkOverAllFinds) {
  std::mt19937 random(3);
  std::vector<NoiseEntry> entries;
  for (int i = 0; i < 2000; ++i) {
    NoiseEntry entry;
    entry.network.version = 4;
    entry.prefix = static_cast<std::uint8_t>(8 + random() % 25);
    const std::uint64_t mask = ~((1ULL << (32 - entry.prefix)) - 1);
    const auto bits = static_cast<std::uint32_t>((0x0a000000 | (random() & 0x3ffff)) & mask);
    for (int byte = 0; byte < 4; ++byte) {
      entry.network.bytes[static_cast<std::size_t>(byte)] =
          static_cast<std::uint8_t>(bits >> (24 - 8 * byte));
    }
    entry.label = std::to_string(bits) + "/" + std::to_string(entry.prefix);
    entries.push_back(entry);
  }
  NoiseFilter filter;
  filter.Add(Rule("x=list"), entries);
  const auto word = [](const IpAddress& ip) {
    return static_cast<std::uint32_t>(ip.bytes[0] << 24 | ip.bytes[1] << 16 | ip.bytes[2] << 8 |
                                      ip.bytes[3]);
  };
  int found = 0;
  for (int i = 0; i < 2000; ++i) {
    NoiseQuery query = Query("10.0.0.0", "192.0.2.1");
    for (int byte = 1; byte < 4; ++byte) {
      query.orig.bytes[static_cast<std::size_t>(byte)] =
          static_cast<std::uint8_t>(random() & (byte == 1 ? 3 : 255));
    }
    std::string want;
    int longest = -1;
    for (const NoiseEntry& entry : entries) {
      const std::uint64_t mask = ~((1ULL << (32 - entry.prefix)) - 1);
      const bool inside = (word(query.orig) & mask) == word(entry.network);
      if (!inside || entry.prefix <= longest) continue;
      longest = entry.prefix;
      want = entry.label;
    }
    found += want.empty() ? 0 : 1;
    ASSERT_EQ(Name(filter, query), want);
  }
  EXPECT_GT(found, 100);
}

TEST(NoiseFilter, LoadsRulesAndNamesWhatIsWrong) {
  const base::TempFolder folder;
  const std::string good = folder.File("shodan.txt", "192.0.2.0/24\n");
  const std::string bad = folder.File("bad.txt", "192.0.2.0/24\nnothing\n");
  const auto filter = NoiseFilter::Load({good, good + "=second,store=no"});
  ASSERT_TRUE(filter) << filter.error().ToString();
  EXPECT_EQ((*filter)->entries(), 2u);
  EXPECT_EQ(Name(**filter, Query("192.0.2.9", "10.0.0.1")), "shodan");
  EXPECT_THAT(NoiseFilter::Load({bad}).error().message, HasSubstr("bad.txt:2: 'nothing'"));
  EXPECT_THAT(NoiseFilter::Load({good + ",x=y"}).error().message, HasSubstr("is no option"));
  EXPECT_THAT(NoiseFilter::Load({folder.path() + "/none"}).error().message, HasSubstr("none"));
}

}  // namespace
}  // namespace tapiary::capture
