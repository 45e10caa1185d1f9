#include "capture/label/label_texts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/text.h"

namespace tapiary::capture {
namespace {

using base::AsBytes;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

LabelTexts Http(std::string_view payload) {
  LabelTexts texts;
  ReadHttpRequest(AsBytes(payload), texts);
  return texts;
}

LabelTexts Ssh(std::string_view payload, bool from_client) {
  LabelTexts texts;
  ReadSshVersion(AsBytes(payload), from_client, texts);
  return texts;
}

// A DNS message: flags, counts, then what follows the header.
std::string Dns(std::string_view flags_and_counts, std::string_view rest) {
  return std::string("\x12\x34") + std::string(flags_and_counts) + std::string(rest);
}
using namespace std::string_view_literals;
constexpr auto kOneQuestion = "\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00"sv;
constexpr auto kWithAdditional = "\x01\x00\x00\x01\x00\x00\x00\x00\x00\x01"sv;
constexpr auto kName =
    "\x03plc\x07"
    "example\x00\x00\x01\x00\x01"sv;

TEST(LabelTexts, HttpRequestHead) {
  EXPECT_THAT(
      Http("GET /a?b=c HTTP/1.1\r\nHost: plant.example:8080\r\nX: y\r\n"
           "user-AGENT:  zgrab/0.x \r\n\r\nHost: body\r\n"),
      ElementsAre(Pair("http.method", "GET"), Pair("http.uri", "/a?b=c"),
                  Pair("http.host", "plant.example:8080"), Pair("http.user_agent", "zgrab/0.x")));
  // Bytes stay bytes, and the first of two fields counts.
  EXPECT_THAT(Http("GET /\xff\x01 HTTP/1.0\nHost: a\x80\nHost: b\n\n"),
              ElementsAre(Pair("http.method", "GET"), Pair("http.uri", "/\xff\x01"),
                          Pair("http.host", "a\x80")));
  EXPECT_THAT(Http("M-SEARCH * HTTP/1.1\r\n\r\nHost: body\r\n"),
              ElementsAre(Pair("http.method", "M-SEARCH"), Pair("http.uri", "*")));
}

TEST(LabelTexts, HttpThatIsCutOrNone) {
  EXPECT_THAT(Http("GET /long"),
              ElementsAre(Pair("http.method", "GET"), Pair("http.uri", "/long")));
  EXPECT_THAT(Http("POST /x HTTP/1.1\r\nHost: unfinished"),
              ElementsAre(Pair("http.method", "POST"), Pair("http.uri", "/x")));
  for (const std::string_view none :
       {""sv, " "sv, "GET"sv, "HTTP/1.1 200 OK\r\n"sv, "\x00\x01\x00\x00\x00\x06 x"sv,
        "G(T / HTTP/1.1\r\n"sv, "hello world\r\n"sv}) {
    EXPECT_THAT(Http(none), IsEmpty()) << none;
  }
  EXPECT_THAT(Http(std::string(40, 'A') + " / HTTP/1.1\r\n"), IsEmpty());
  const LabelTexts texts = Http("GET /" + std::string(5000, 'a') + " HTTP/1.1\r\n\r\n");
  ASSERT_EQ(texts.size(), 2u);
  EXPECT_EQ(texts[1].second.size(), kMaxLabelBytes);
}

TEST(LabelTexts, SshVersionLines) {
  EXPECT_THAT(Ssh("SSH-2.0-Go\r\n\x00\x00"sv, true), ElementsAre(Pair("ssh.client", "SSH-2.0-Go")));
  EXPECT_THAT(Ssh("Welcome\r\nSSH-2.0-dropbear 2019\n", false),
              ElementsAre(Pair("ssh.server", "SSH-2.0-dropbear 2019")));
  EXPECT_THAT(Ssh("Welcome\r\nSSH-2.0-x\r\n", true), IsEmpty());  // only servers may greet
  EXPECT_THAT(Ssh("SSH-2.0-no-end", true), IsEmpty());
  EXPECT_THAT(Ssh("SSH-2.0-" + std::string(250, 'x') + "\n", true), IsEmpty());
  EXPECT_THAT(Ssh("", false), IsEmpty());
}

TEST(LabelTexts, DnsQueries) {
  EXPECT_EQ(DnsQueryName(AsBytes(Dns(kOneQuestion, kName))), "plc.example");
  const std::string edns =
      std::string(kName) + std::string("\x00\x00\x29\x10\x00\x00\x00\x00\x00\x00\x00"sv);
  EXPECT_EQ(DnsQueryName(AsBytes(Dns(kWithAdditional, edns))), "plc.example");
  EXPECT_EQ(DnsQueryName(AsBytes(Dns(kOneQuestion, "\x00\x00\x02\x00\x01"sv))), "");  // the root
}

TEST(LabelTexts, WhatIsNoDnsQuery) {
  const std::string good = Dns(kOneQuestion, kName);
  for (std::size_t size = 0; size < good.size(); ++size) {
    EXPECT_EQ(DnsQueryName(AsBytes(good).first(size)), std::nullopt) << size;
  }
  EXPECT_EQ(DnsQueryName(AsBytes(good + "x")), std::nullopt);
  const std::string response = Dns("\x81\x00\x00\x01\x00\x00\x00\x00\x00\x00"sv, kName);
  EXPECT_EQ(DnsQueryName(AsBytes(response)), std::nullopt);
  const std::string two = Dns("\x01\x00\x00\x02\x00\x00\x00\x00\x00\x00"sv, kName);
  EXPECT_EQ(DnsQueryName(AsBytes(two)), std::nullopt);
  EXPECT_EQ(DnsQueryName(AsBytes(Dns(kOneQuestion, "\xc0\x0c\x00\x01\x00\x01"sv))), std::nullopt);
  EXPECT_EQ(DnsQueryName(AsBytes(Dns(kOneQuestion, "\x02\x01z\x00\x00\x01\x00\x01"sv))),
            std::nullopt);
  EXPECT_EQ(DnsQueryName(AsBytes(Dns(kOneQuestion, "\x01z\x00\x00\x01\x00\x09"sv))), std::nullopt);
  std::string longest;
  for (int i = 0; i < 5; ++i) longest += '\x3f' + std::string(63, 'a');
  longest += std::string("\x00\x00\x01\x00\x01"sv);
  EXPECT_EQ(DnsQueryName(AsBytes(Dns(kOneQuestion, longest))), std::nullopt);
}

TEST(LabelTexts, AnyBytesAreHarmless) {
  std::mt19937 random(7);
  const std::string seeds[] = {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "SSH-2.0-a\r\n",
                               Dns(kOneQuestion, kName)};
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes = seeds[random() % 3];
    for (int change = 0; change < 3; ++change) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    bytes.resize(random() % (bytes.size() + 1));
    LabelTexts texts;
    ReadHttpRequest(AsBytes(bytes), texts);
    ReadSshVersion(AsBytes(bytes), round % 2 == 0, texts);
    (void)DnsQueryName(AsBytes(bytes));
    EXPECT_LE(texts.size(), 5u);
  }
}

}  // namespace
}  // namespace tapiary::capture
