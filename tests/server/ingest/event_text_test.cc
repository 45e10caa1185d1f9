#include "server/ingest/event_text.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "base/text.h"

namespace tapiary::server {
namespace {

std::vector<EventText> Split(std::string_view body) {
  auto events = SplitEvents(body, 1000);
  EXPECT_TRUE(events) << events.error().message;
  return events ? std::move(*events) : std::vector<EventText>{};
}

TEST(EventText, ObjectArrayAndLines) {
  EXPECT_EQ(Split(R"({"a":1})").size(), 1u);
  EXPECT_EQ(Split("{\n \"a\": 1,\r\n \"b\": [\n2]\n}\n").size(), 1u);
  EXPECT_EQ(Split("[]").size(), 0u);
  EXPECT_EQ(Split(R"([{"a":"]},{"},{"b":"\""}])").size(), 2u);
  EXPECT_EQ(Split("{\"a\":1}\n\n{\"b\":2}\r\n{\"c\":3}").size(), 3u);
  EXPECT_EQ(Split("\xef\xbb\xbf{\"a\":1}").size(), 1u);
}

TEST(EventText, CO03_BadRecordsStandAlone) {
  const auto lines = Split("{\"a\":1}\n{\"b\":\nnull\n7\n{\"c\":\"open\n{\"d\":4}");
  ASSERT_EQ(lines.size(), 6u);
  for (std::size_t i = 0; i < 6; ++i) {
    EXPECT_EQ(lines[i].reason.empty(), i == 0 || i == 5) << i << lines[i].reason;
  }
  const auto elements = Split(R"([{"a":1}, nul, {"b" 2}, 5, {"c":3}])");
  ASSERT_EQ(elements.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(elements[i].reason.empty(), i == 0 || i == 4) << i;
}

// Found by fuzzing: a parser that takes NUL for the end would let anything behind it be stored.
TEST(EventText, CO03_NothingHidesBehindANul) {
  const std::string body("{\"a\":1}\0\xff\n{\"b\":2}\0\n{\"c\":3}", 26);
  const auto events = SplitEvents(body, 10);
  ASSERT_TRUE(events);
  ASSERT_EQ(events->size(), 3u);
  EXPECT_EQ((*events)[0].reason, "not valid JSON");
  EXPECT_EQ((*events)[1].reason, "not valid JSON");
  EXPECT_EQ((*events)[2].json, R"({"c":3})");
}

TEST(EventText, BodiesThatCannotBeCutAreInvalid) {
  for (const char* body : {"", " \n ", "[", "[{\"a\":1}", "[{\"a\":\"]", "[]x"}) {
    const auto events = SplitEvents(body, 10);
    ASSERT_FALSE(events) << body;
    EXPECT_EQ(events.error().code, base::ErrorCode::kInvalid);
  }
  EXPECT_EQ(SplitEvents("[{},{},{}]", 2).error().code, base::ErrorCode::kTooLarge);
  EXPECT_EQ(SplitEvents("{}\n{}\n{}", 2).error().code, base::ErrorCode::kTooLarge);
}

TEST(EventText, CO02_AllBytesAreEscapedReversibly) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  all += "\xc0\xaf\xed\xa0\x80\xe2\x82";  // overlong, lone surrogate, cut sequence
  std::string body = R"({"k":")";
  for (const char c : all) {
    if (c == '"' || c == '\\') body += '\\';
    body += c;
  }
  const auto escaped = EscapeJsonStrings(body + "\"}");
  ASSERT_TRUE(escaped) << escaped.error().message;
  const auto json = nlohmann::json::parse(*escaped, nullptr, false);
  ASSERT_TRUE(json.is_object()) << *escaped;
  EXPECT_EQ(*base::UnescapeBytes(json["k"].get<std::string>()), all);
}

TEST(EventText, CO02_EscapesOfJson) {
  const auto text = [](std::string_view json) {
    const auto escaped = EscapeJsonStrings(json);
    return escaped ? *escaped : escaped.error().message;
  };
  EXPECT_EQ(text(R"("\u0041\u00e4\ud83d\ude00")"), "\"A\xc3\xa4\xf0\x9f\x98\x80\"");
  EXPECT_EQ(text(R"("\u0000")"), R"("\\x00")");
  EXPECT_EQ(text(R"("\udcff")"), R"("\\xed\\xb3\\xbf")");
  EXPECT_EQ(text(R"("\ud83dx")"), R"("\\xed\\xa0\\xbdx")");
  EXPECT_EQ(text(R"("a\nb\/\"")"), R"("a\\x0ab/\"")");
  EXPECT_EQ(text("[1.50, 18446744073709551616]"), "[1.50, 18446744073709551616]");
  for (const char* bad : {R"("\x")", R"("\u12")", R"("\)", R"("a)"}) {
    EXPECT_FALSE(EscapeJsonStrings(bad)) << bad;
  }
}

// What a double cannot hold makes whole answers unreadable for some who read them.
TEST(EventText, NumbersBeyondADoubleAreRefusedByName) {
  const auto events = Split("{\"n\":1e999}\n{\"n\":-1" + std::string(400, '0') + "}\n{\"n\":\n{}");
  ASSERT_EQ(events.size(), 4u);
  EXPECT_EQ(events[0].reason, "a number that no 64-bit floating point holds: 1e999");
  EXPECT_EQ(events[1].reason,
            "a number that no 64-bit floating point holds: -1" + std::string(38, '0'));
  EXPECT_EQ(events[2].reason, "not valid JSON");
  EXPECT_EQ(events[3].reason, "");
}

TEST(EventText, DeepNestingIsRefusedAlone) {
  const std::string deep = "{\"a\":" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  const auto events = Split("{}\n" + deep + "\n{}");
  ASSERT_EQ(events.size(), 3u);
  EXPECT_FALSE(events[1].reason.empty());
  EXPECT_TRUE(events[2].reason.empty());
}

TEST(EventText, LargeRecordsAreRefusedAsTheyCameAndEscaped) {
  const auto reason = [](const std::string& value) {
    return SplitEvents("{\"a\":\"" + value + "\"}", 10)->front().reason;
  };
  EXPECT_EQ(reason(std::string(250'000, 'a')), "");
  EXPECT_EQ(reason(std::string(262'144, 'a')), "larger than 262144 bytes");
  EXPECT_EQ(reason(std::string(200'000, '\x01')), "");
  EXPECT_EQ(reason(std::string(250'000, '\x01')),
            "larger than 1048576 bytes with its strings escaped");
}

}  // namespace
}  // namespace tapiary::server
