#include "capture/json_writer.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "capture/packet.h"

namespace tapiary::capture {
namespace {

TEST(JsonWriter, PutsCommasAndNests) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Number("a", 1);
  json.Key("b");
  json.BeginArray();
  json.Signed(-2);
  json.Null();
  json.BeginObject();
  json.EndObject();
  json.Flag(true);
  json.EndArray();
  json.TextOrNull("c", "");
  json.Text("d", "x");
  json.EndObject();
  EXPECT_EQ(out, R"({"a":1,"b":[-2,null,{},true],"c":null,"d":"x"})");
}

TEST(JsonWriter, CO02_AnyByteGivesValidText) {
  std::string all;
  for (int i = 0; i < 256; ++i) all += static_cast<char>(i);
  std::string out;
  JsonWriter(out).Text(all + "\xc0\x80 \xed\xa0\x80 \xf0\x9f");
  EXPECT_TRUE(base::IsValidUtf8(out));
  for (const char c : out) EXPECT_GE(static_cast<unsigned char>(c), 0x20);
  EXPECT_EQ(out.front(), '"');
  EXPECT_NE(out.find("\\\""), std::string::npos);
  EXPECT_NE(out.find("\\\\x00"), std::string::npos);
}

TEST(JsonWriter, TimesAndSeconds) {
  std::string out;
  JsonWriter json(out);
  json.BeginArray();
  json.Time(1);
  json.Time(kTimeUnknown);
  json.Seconds(1'500'000);
  json.Seconds(-1);
  json.Seconds(INT64_MIN);
  json.EndArray();
  EXPECT_EQ(
      out,
      R"(["1970-01-01T00:00:00.000000001Z",null,0.001500000,-0.000000001,-9223372036.854775808])");
}

// What needs no escaping goes a short way, and must look as if it had gone the long one.
TEST(JsonWriter, EveryCharacterAloneAsEscapeBytesHasIt) {
  for (int i = 0; i < 256; ++i) {
    const std::string text(3, static_cast<char>(i));
    std::string expected = "\"";
    for (const char c : base::EscapeBytes(text)) {
      if (c == '"' || c == '\\') expected += '\\';
      expected += c;
    }
    std::string out;
    JsonWriter(out).Text(text);
    EXPECT_EQ(out, expected + '"') << i;
  }
}

TEST(JsonWriter, KeysOfBothKinds) {
  std::string out;
  JsonWriter json(out);
  json.BeginObject();
  json.Key("first");
  json.Null();
  json.Key("second");
  json.Plain("10.0.0.1");
  json.Number("third", UINT64_MAX);
  json.Number(std::string("a\"b\\"), 0);  // what is no literal is escaped
  json.Plain("last", "x");
  json.EndObject();
  EXPECT_EQ(out, R"({"first":null,"second":"10.0.0.1","third":18446744073709551615,)"
                 R"("a\"b\\":0,"last":"x"})");
}

TEST(JsonWriter, TimesAreThoseOfFormatTime) {
  constexpr std::int64_t kDay = 86'400 * base::kNanosPerSecond;
  std::vector<std::int64_t> times = {INT64_MIN + 1, INT64_MAX, -1, 0, 951'782'400'000'000'000};
  for (std::int64_t day = -100'000; day < 100'000; day += 13) times.push_back(day * kDay + day);
  for (const std::int64_t time : times) {
    std::string out;
    JsonWriter(out).Time(time);
    ASSERT_EQ(out, '"' + base::FormatTime(time) + '"');
  }
}

}  // namespace
}  // namespace tapiary::capture
