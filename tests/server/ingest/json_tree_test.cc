#include "server/ingest/json_tree.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "base/text.h"

namespace tapiary::server {
namespace {

bool Parses(std::string_view text) {
  JsonTree tree;
  return tree.Parse(text);
}

TEST(JsonTree, TakesWhatIsJsonAndNothingElse) {
  for (const char* good : {"{}", "[]", "null", " 1 ", "0", "-0", "-1.5e+3", "1E-2", "1e308",
                           R"("")", R"("\"\\\/\b\u12aF")", "{\"a\":{\"b\":[1,\t2\r\n]}}", "[[],{}]",
                           R"({"a":1,"a":2})", "[true,false,null]"}) {
    EXPECT_TRUE(Parses(good)) << good;
  }
  for (const char* bad : {"",        " ",        "{",          "[",
                          "\"",      "{]",       "[}",         "[1,]",
                          "[,1]",    "{\"a\"}",  "{\"a\":}",   "{\"a\":1,}",
                          "{a:1}",   "01",       "+1",         "1.",
                          ".5",      "1e",       "1e+",        "-",
                          "0x1",     "1e309",    "-1e400",     "nul",
                          "nulls",   "tru",      "True",       "NaN",
                          "[1 2]",   "1 2",      "0e309",      "Infinity",
                          "[1]/**/", R"("\x")",  R"("\u12")",  R"("\u12g4")",
                          R"("\)",   "\"a\nb\"", "\"a\tb\"",   "'a'",
                          "[1]x",    "//",       "{\"a\":1}}", "\xef\xbb\xbf{}"}) {
    EXPECT_FALSE(Parses(bad)) << bad;
  }
  EXPECT_FALSE(Parses(std::string(400, '9') + ".0"));
}

TEST(JsonTree, NulsAndHalvesOfSurrogatesAreNoText) {
  EXPECT_FALSE(Parses(std::string_view("{}\0", 3)));
  EXPECT_FALSE(Parses(std::string_view("{}\0{}", 5)));
  EXPECT_FALSE(Parses(std::string_view("\"a\0b\"", 5)));
  EXPECT_FALSE(Parses(std::string_view("\"\\\0\"", 4)));
  EXPECT_FALSE(Parses(R"("\ud83d")"));
  EXPECT_FALSE(Parses(R"({"\ud83d\u0041":1})"));
}

TEST(JsonTree, DepthIsBounded) {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_TRUE(Parses(nested(kMaxJsonDepth)));
  EXPECT_FALSE(Parses(nested(kMaxJsonDepth + 1)));
  EXPECT_FALSE(Parses(std::string(1'000'000, '[')));
}

TEST(JsonTree, FindsMembersAndElements) {
  JsonTree tree;
  ASSERT_TRUE(
      tree.Parse(R"({"a":[1,[2,{"x":0}],"t"],"b":{"c":null},"":5,"a\"\u0062":6,"d":1,"d":2})"));
  const JsonNode& root = tree.root();
  EXPECT_EQ(root.size(), 6u);
  const JsonNode* list = root.Find("a");
  ASSERT_NE(list, nullptr);
  EXPECT_EQ(list->size(), 3u);
  EXPECT_EQ(list->At(0)->text(), "1");
  EXPECT_EQ(list->At(1)->At(1)->Find("x")->text(), "0");
  EXPECT_EQ(list->At(2)->text(), "t");
  EXPECT_EQ(list->At(3), nullptr);
  EXPECT_EQ(list->Find("0"), nullptr);
  EXPECT_TRUE(root.Find("b")->Find("c")->is_null());
  EXPECT_EQ(root.At(0), nullptr);
  EXPECT_EQ(root.Find("")->text(), "5");
  EXPECT_EQ(root.Find("a\"b")->text(), "6");
  EXPECT_EQ(root.Find("d")->text(), "2") << "the last one";
  for (const char* none : {"c", "x", "aa", "0"}) EXPECT_EQ(root.Find(none), nullptr) << none;
}

TEST(JsonTree, FindsOneOfManyMembers) {
  std::string text = "{";
  for (int i = 0; i < 1000; ++i) {
    text += "\"k" + std::to_string(i % 900) + "\":{\"v\":" + std::to_string(i) + "},";
  }
  text += "\"\":0}";
  JsonTree tree;
  ASSERT_TRUE(tree.Parse(text));
  EXPECT_EQ(tree.root().size(), 1001u);
  for (int i = 0; i < 900; ++i) {
    const JsonNode* found = tree.root().Find("k" + std::to_string(i));
    ASSERT_NE(found, nullptr) << i;
    EXPECT_EQ(found->Find("v")->text(), std::to_string(i < 100 ? i + 900 : i)) << "the last one";
  }
  EXPECT_EQ(tree.root().Find("")->text(), "0");
  for (const char* none : {"k", "k900", "k1000", "a", "z"}) {
    EXPECT_EQ(tree.root().Find(none), nullptr) << none;
  }
}

TEST(JsonTree, TextsMeanWhatTheirEscapesSay) {
  JsonTree tree;
  ASSERT_TRUE(tree.Parse(R"(["a\"b\\c\/\n\u00e4\ud83d\ude00", "plain", 1.50, -0, true, null])"));
  const JsonNode& root = tree.root();
  EXPECT_EQ(root.At(0)->text(), "a\"b\\c/\n\xc3\xa4\xf0\x9f\x98\x80");
  EXPECT_EQ(root.At(1)->text(), "plain");
  EXPECT_EQ(root.At(2)->text(), "1.50") << "as it is written";
  EXPECT_EQ(root.At(3)->text(), "-0");
  EXPECT_EQ(root.At(4)->text(), "true");
  EXPECT_EQ(root.At(5)->text(), "null");
  ASSERT_TRUE(tree.Parse("[\"a\\u0000b\",\"\xff\",18446744073709551617,-1.5E-400,\"\\udcff\"]"));
  EXPECT_EQ(tree.root().At(0)->text(), std::string_view("a\0b", 3));
  EXPECT_EQ(tree.root().At(1)->text(), "\xff") << "bytes are as they come";
  EXPECT_EQ(tree.root().At(2)->text(), "18446744073709551617");
  EXPECT_EQ(tree.root().At(3)->text(), "-1.5E-400");
  EXPECT_EQ(tree.root().At(4)->text(), "\xed\xb3\xbf");
}

TEST(JsonTree, WhatFailsLeavesNothing) {
  JsonTree tree;
  EXPECT_TRUE(tree.root().is_null());
  ASSERT_TRUE(tree.Parse(R"({"a":1})"));
  EXPECT_FALSE(tree.Parse(R"({"a":1)"));
  EXPECT_TRUE(tree.root().is_null());
  EXPECT_EQ(tree.root().Find("a"), nullptr);
  ASSERT_TRUE(tree.Parse("[1]"));
  EXPECT_EQ(tree.root().size(), 1u);
}

// Small texts of the characters that matter, against another parser.
TEST(JsonTree, AgreesWithAnotherParser) {
  constexpr std::string_view kPieces[] = {"{",  "}", "[",     "]",    ",",    ":",      "\"",
                                          "\\", "a", "u0041", "-",    "0",    "1",      ".",
                                          "e",  "+", " ",     "null", "true", "\"k\":", "\n"};
  std::mt19937 random(3);
  int good = 0;
  for (int i = 0; i < 300'000; ++i) {
    std::string text = i % 2 == 0 ? "[" : "";
    for (std::size_t left = random() % 8; left > 0; --left) {
      text += kPieces[random() % std::size(kPieces)];
    }
    if (i % 2 == 0) text += "]";
    const bool expected = nlohmann::json::accept(text);
    good += expected ? 1 : 0;
    ASSERT_EQ(Parses(text), expected) << text;
  }
  EXPECT_GT(good, 1000);
}

}  // namespace
}  // namespace tapiary::server
