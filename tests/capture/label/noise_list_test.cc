#include "capture/label/noise_list.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/clock.h"
#include "tests/base/temp_folder.h"

namespace tapiary::capture {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

std::vector<NoiseEntry> Parse(std::string_view text) {
  const auto entries = ParseNoiseList(text, "a.txt", kMaxNoiseEntries);
  EXPECT_TRUE(entries) << entries.error().ToString();
  return entries ? *entries : std::vector<NoiseEntry>();
}

std::string Error(std::string_view text) {
  const auto entries = ParseNoiseList(text, "a\n.txt", kMaxNoiseEntries);
  EXPECT_FALSE(entries) << text;
  return entries ? "" : entries.error().message;
}

std::int64_t Time(std::string_view text) {
  return *base::ParseTime(text);
}

TEST(NoiseList, PlainListsOfNetworks) {
  const auto entries = Parse(
      "\xef\xbb\xbf# scanners\r\n\r\n"
      "192.0.2.0/24\r\n"
      "  198.51.100.7   # one host\n"
      "203.0.113.0/25 ; SBL1\n"
      "2001:db8::/32\n"
      "::1");
  ASSERT_EQ(entries.size(), 5u);
  EXPECT_EQ(entries[0].network.ToString(), "192.0.2.0");
  EXPECT_EQ(entries[0].prefix, 24);
  EXPECT_EQ(entries[0].label, "");
  EXPECT_EQ(entries[0].expires_ns, INT64_MAX);
  EXPECT_EQ(entries[1].network.ToString(), "198.51.100.7");
  EXPECT_EQ(entries[1].prefix, 32);
  EXPECT_EQ(entries[2].prefix, 25);
  EXPECT_EQ(entries[3].network.ToString(), "2001:db8::");
  EXPECT_EQ(entries[3].prefix, 32);
  EXPECT_EQ(entries[4].prefix, 128);
  EXPECT_THAT(Parse(""), IsEmpty());
  EXPECT_THAT(Parse("# nothing\n\n\n"), IsEmpty());
}

TEST(NoiseList, LabelsAndExpiry) {
  const auto entries = Parse(
      "192.0.2.0/24, shodan\n"
      "192.0.2.0/25, , 2026-12-31\n"
      "192.0.2.0/26,census,2026-12-31T12:00:00Z\n"
      "192.0.2.0/27,x,2026-12-31 12:00:00+02:00\n");
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[0].label, "shodan");
  EXPECT_EQ(entries[1].label, "");
  EXPECT_EQ(entries[1].expires_ns, Time("2027-01-01"));  // the last day counts whole
  EXPECT_EQ(entries[2].expires_ns, Time("2026-12-31T12:00:00Z"));
  EXPECT_EQ(entries[3].expires_ns, Time("2026-12-31T10:00:00Z"));
}

TEST(NoiseList, HostBitsAreIgnored) {
  const auto entries = Parse("10.1.2.3/8\n255.255.255.255/0\n2001:db8:ffff::1/33\n10.1.2.3/31");
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[0].network.ToString(), "10.0.0.0");
  EXPECT_EQ(entries[1].network.ToString(), "0.0.0.0");
  EXPECT_EQ(entries[2].network.ToString(), "2001:db8:8000::");
  EXPECT_EQ(entries[3].network.ToString(), "10.1.2.2");
}

TEST(NoiseList, FaultsNameFileAndLine) {
  EXPECT_EQ(Error("10.0.0.0/8\n\n10.0.0.0/33"),
            "a\\x0a.txt:3: '10.0.0.0/33' has no prefix length from 0 to 32");
  EXPECT_THAT(Error("::/129"), HasSubstr("0 to 128"));
  EXPECT_THAT(Error("10.0.0.0/"), HasSubstr("prefix length"));
  EXPECT_THAT(Error("10.0.0.0/-1"), HasSubstr("prefix length"));
  EXPECT_THAT(Error("10.0.0.0/8 9"), HasSubstr("prefix length"));
  EXPECT_THAT(Error("10.0.0.0/300"), HasSubstr("prefix length"));
  EXPECT_THAT(Error("10.0.0/8"), HasSubstr("no IPv4 or IPv6 network"));
  EXPECT_THAT(Error("scanner.example"), HasSubstr("no IPv4 or IPv6 network"));
  EXPECT_THAT(Error(",label"), HasSubstr("no IPv4 or IPv6 network"));
  EXPECT_THAT(Error("10.0.0.1,\"quoted\""), HasSubstr("no label"));
  EXPECT_THAT(Error("10.0.0.1," + std::string(65, 'x')), HasSubstr("no label"));
  EXPECT_THAT(Error("10.0.0.1,a\x1b[2J"), HasSubstr("\\x1b"));
  EXPECT_THAT(Error("10.0.0.1,a,tomorrow"), HasSubstr("no date"));
  EXPECT_THAT(Error("10.0.0.1,a,2026-13-01"), HasSubstr("no date"));
  EXPECT_THAT(Error("10.0.0.1,a,2026-12-31,more"), HasSubstr("more than network"));
  EXPECT_THAT(Error(std::string("10.0.0.1\0/8", 11)), HasSubstr("\\x00"));
}

TEST(NoiseList, EntriesAreBounded) {
  const auto entries = ParseNoiseList("10.0.0.1\n10.0.0.2\n10.0.0.3\n", "a", 2);
  ASSERT_FALSE(entries);
  EXPECT_EQ(entries.error().code, base::ErrorCode::kTooLarge);
  EXPECT_THAT(entries.error().message, HasSubstr("a:3: more than 1000000 entries"));
  // A line without end is one fault, shown short.
  EXPECT_LT(Error(std::string(1 << 20, '1')).size(), 200u);
}

TEST(NoiseList, FilesThatAreNotThere) {
  EXPECT_FALSE(ReadNoiseList("/nonexistent/list", 10));
  EXPECT_FALSE(ReadNoiseList("/", 10));
  const base::TempFolder folder;
  const auto entries = ReadNoiseList(folder.File("list", "10.0.0.0/8\n"), 10);
  ASSERT_TRUE(entries) << entries.error().ToString();
  EXPECT_EQ(entries->size(), 1u);
}

TEST(NoiseList, AnyBytesAreHarmless) {
  std::mt19937 random(11);
  const std::string seed = "192.0.2.0/24,label,2026-12-31\n2001:db8::/32 # x\n";
  for (int round = 0; round < 20'000; ++round) {
    std::string text = seed;
    for (int change = 0; change < 3; ++change) {
      text[random() % text.size()] = static_cast<char>(random());
    }
    const auto entries = ParseNoiseList(text, "x", 10);
    if (!entries) {
      EXPECT_THAT(entries.error().message, HasSubstr("x:"));
    }
  }
}

}  // namespace
}  // namespace tapiary::capture
