#include "base/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace tapiary::base {
namespace {

TEST(EscapeBytes, KeepsPrintableUtf8) {
  for (const char* text : {"", "abc 123 ~", "Grüße", "日本語", "\U0001F41D"}) {
    EXPECT_EQ(EscapeBytes(std::string_view(text)), text);
  }
}

TEST(EscapeBytes, EscapesWhatTerminalsAndBrowsersActOn) {
  EXPECT_EQ(EscapeBytes("a\nb\x1b[0m\x7f"), "a\\x0ab\\x1b[0m\\x7f");
  EXPECT_EQ(EscapeBytes("a\\b"), "a\\x5cb");
  EXPECT_EQ(EscapeBytes("\xc2\x9b"), "\\xc2\\x9b");     // C1
  EXPECT_EQ(EscapeBytes("\u202e"), "\\xe2\\x80\\xae");  // right-to-left override
  EXPECT_EQ(EscapeBytes("\u2067"), "\\xe2\\x81\\xa7");  // isolate
  EXPECT_EQ(EscapeBytes(std::string_view("\0", 1)), "\\x00");
}

TEST(EscapeBytes, EscapesInvalidUtf8ByteByByte) {
  EXPECT_EQ(EscapeBytes("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(EscapeBytes("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(EscapeBytes("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(EscapeBytes("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
  EXPECT_EQ(EscapeBytes("\xe2\x82"), "\\xe2\\x82");                    // cut
  EXPECT_EQ(EscapeBytes("\xe2z\xe2\x82\xac"), "\\xe2z€");              // goes on after the bad byte
}

TEST(EscapeBytes, RoundTripsAllPairsAndIsAlwaysUtf8) {
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string bytes = {static_cast<char>(first), static_cast<char>(second), 'x'};
      const std::string escaped = EscapeBytes(bytes);
      ASSERT_TRUE(IsValidUtf8(escaped));
      ASSERT_EQ(UnescapeBytes(escaped).value(), bytes);
    }
  }
}

TEST(UnescapeBytes, RefusesOtherBackslashes) {
  for (const char* text : {"\\", "\\x", "\\x1", "\\xg0", "\\n", "a\\\\b", "\\x 1", "\\x+1"}) {
    EXPECT_FALSE(UnescapeBytes(text)) << text;
  }
}

TEST(Hex, RoundTripsAndRefuses) {
  EXPECT_EQ(ToHex(AsBytes("\x01\xab\xff")), "01abff");
  EXPECT_EQ(FromHex("01ABff").value(), (std::vector<std::uint8_t>{1, 0xAB, 0xFF}));
  EXPECT_TRUE(FromHex("").value().empty());
  for (const char* text : {"0", "0g", "012", "0x01", " 1", "-1"})
    EXPECT_FALSE(FromHex(text)) << text;
}

TEST(Base64, MatchesTheVectorsOfRfc4648) {
  const std::pair<const char*, const char*> vectors[] = {{"", ""},
                                                         {"f", "Zg=="},
                                                         {"fo", "Zm8="},
                                                         {"foo", "Zm9v"},
                                                         {"foob", "Zm9vYg=="},
                                                         {"fooba", "Zm9vYmE="},
                                                         {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(ToBase64(AsBytes(bytes)), text);
    const auto decoded = FromBase64(text);
    ASSERT_TRUE(decoded) << text;
    EXPECT_EQ(AsText(*decoded), bytes);
  }
  EXPECT_EQ(ToBase64(AsBytes("\xfb\xff")), "+/8=");
}

TEST(Base64, RefusesOtherForms) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v=", "====", "=", "Zm 9",
                           "Zm9v\n", "-_8=", "Zg==Zg==", "Zm=v"}) {
    EXPECT_FALSE(FromBase64(text)) << text;
  }
}

TEST(ParseSize, ReadsIecAndSi) {
  EXPECT_EQ(ParseSize("1024").value(), 1024);
  EXPECT_EQ(ParseSize("64k").value(), 65536);
  EXPECT_EQ(ParseSize("64K").value(), 65536);
  EXPECT_EQ(ParseSize("500MB").value(), 500'000'000);
  EXPECT_EQ(ParseSize("10GiB").value(), 10'737'418'240);
  EXPECT_EQ(ParseSize("1.5 MiB").value(), 1'572'864);
  EXPECT_EQ(ParseSize("2T").value(), 2'199'023'255'552);
  EXPECT_EQ(ParseSize("7B").value(), 7);
  EXPECT_EQ(ParseSize("9223372036854775807").value(), std::numeric_limits<std::int64_t>::max());
}

TEST(ParseSize, RefusesNonsenseAndOverflow) {
  for (const char* text : {"",           "k",
                           "-1",         "+1",
                           "1.",         ".5",
                           "1.k",        "1e3",
                           "0x10",       "1 ",
                           "1  k",       "1kk",
                           "10X",        "1.5e3k",
                           "1,5M",       "inf",
                           "nan",        "9223372036854775808",
                           "8388608TiB", "99999999999999999999999"}) {
    EXPECT_FALSE(ParseSize(text)) << text;
  }
  EXPECT_EQ(ParseSize("lots").error().message,
            "not a size: 'lots' (for example 64KiB, 10GiB, 500MB or 1024)");
}

TEST(ParseDuration, ReadsUnitsAndWantsOne) {
  EXPECT_EQ(ParseDuration("250ms").value(), 250'000'000);
  EXPECT_EQ(ParseDuration("1.5s").value(), 1'500'000'000);
  EXPECT_EQ(ParseDuration("5m").value(), 300'000'000'000);
  EXPECT_EQ(ParseDuration("2h").value(), 7'200'000'000'000);
  EXPECT_EQ(ParseDuration("7d").value(), 604'800'000'000'000);
  EXPECT_EQ(ParseDuration("0s").value(), 0);
  EXPECT_EQ(ParseDuration("3ns").value(), 3);
  for (const char* text : {"", "5", "s", "-5s", "5 weeks", "200000d", "1.s"}) {
    EXPECT_FALSE(ParseDuration(text)) << text;
  }
}

TEST(FormatSize, ChoosesTheUnit) {
  EXPECT_EQ(FormatSize(0), "0 B");
  EXPECT_EQ(FormatSize(1023), "1023 B");
  EXPECT_EQ(FormatSize(1024), "1.0 KiB");
  EXPECT_EQ(FormatSize(1'572'864), "1.5 MiB");
  EXPECT_EQ(FormatSize(1'048'575), "1.0 MiB");
  EXPECT_EQ(FormatSize(std::numeric_limits<std::uint64_t>::max()), "16.0 EiB");
}

}  // namespace
}  // namespace tapiary::base
