#include "server/query/lexer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

using Kind = FilterTokenKind;
using testing::ElementsAre;

std::vector<FilterToken> Lex(std::string_view text) {
  std::vector<FilterToken> tokens;
  FilterError error;
  EXPECT_TRUE(LexFilter(text, &tokens, &error)) << error.ToString();
  return tokens;
}

std::vector<Kind> Kinds(std::string_view text) {
  std::vector<Kind> kinds;
  for (const FilterToken& token : Lex(text)) kinds.push_back(token.kind);
  return kinds;
}

FilterError ErrorOf(std::string_view text) {
  std::vector<FilterToken> tokens;
  FilterError error;
  EXPECT_FALSE(LexFilter(text, &tokens, &error)) << text;
  return error;
}

TEST(FilterLexer, SpacesAreOptional) {
  const auto expected = ElementsAre(Kind::kNot, Kind::kOpen, Kind::kWord, Kind::kCompare,
                                    Kind::kWord, Kind::kAnd, Kind::kWord, Kind::kClose, Kind::kEnd);
  EXPECT_THAT(Kinds("!(ip.addr==10.0.0.0/8&&tcp)"), expected);
  EXPECT_THAT(Kinds(" ! ( ip.addr == 10.0.0.0/8\n&&\ttcp ) "), expected);
}

TEST(FilterLexer, PositionsAreBytes) {
  const auto tokens = Lex("a == \"\xc3\xa9\" && b");
  ASSERT_EQ(tokens.size(), 6u);
  EXPECT_EQ(tokens[2].position, 5u);
  EXPECT_EQ(tokens[2].length, 4u);
  EXPECT_EQ(tokens[4].position, 13u);
  EXPECT_EQ(tokens[5].position, 14u);
}

TEST(FilterLexer, WordsTakeAddressesTimesAndRanges) {
  EXPECT_EQ(Lex("2001:db8::/32")[0].text, "2001:db8::/32");
  EXPECT_EQ(Lex("2026-11-01T10:00:00.5+02:00")[0].text, "2026-11-01T10:00:00.5+02:00");
  EXPECT_THAT(Kinds("5..8"), ElementsAre(Kind::kWord, Kind::kRange, Kind::kWord, Kind::kEnd));
  EXPECT_EQ(Lex("10.0.0.1..10.0.0.9")[2].text, "10.0.0.9");
}

TEST(FilterLexer, KeywordsInAnyCase) {
  EXPECT_THAT(Kinds("NOT a AND b Or c"),
              ElementsAre(Kind::kNot, Kind::kWord, Kind::kAnd, Kind::kWord, Kind::kOr, Kind::kWord,
                          Kind::kEnd));
  EXPECT_EQ(Lex("GE")[0].op, FilterOp::kGreaterEqual);
  EXPECT_EQ(Lex("android")[0].kind, Kind::kWord);
}

TEST(FilterLexer, TextsHaveEscapes) {
  EXPECT_EQ(Lex(R"("a\"b\\c\n\x00\xFF")")[0].text, std::string("a\"b\\c\n\0\xff", 8));
  EXPECT_EQ(Lex(R"("")")[0].text, "");
  EXPECT_EQ(ErrorOf(R"("\u0041")").position, 1u);
  EXPECT_EQ(ErrorOf(R"("\x4)").position, 1u);
  EXPECT_EQ(ErrorOf("\"abc\\").length, 1u);
  EXPECT_EQ(ErrorOf("tcp \"abc").position, 4u);
}

TEST(FilterLexer, RawTextsKeepBackslashes) {
  const auto tokens = Lex(R"(r"\d+\x\"" r rx)");
  ASSERT_EQ(tokens.size(), 4u);
  EXPECT_EQ(tokens[0].kind, Kind::kString);
  EXPECT_EQ(tokens[0].text, R"(\d+\x\")");
  EXPECT_EQ(tokens[0].length, 10u);
  EXPECT_EQ(tokens[1].kind, Kind::kWord);
  EXPECT_EQ(ErrorOf(R"(a ~ r"abc\")").position, 4u);
  EXPECT_EQ(ErrorOf(R"(r")").length, 2u);
}

TEST(FilterLexer, BothSpellings) {
  const std::pair<const char*, const char*> same[] = {
      {"==", "eq"},    {"!=", "ne"},     {"<", "lt"},   {"<=", "le"}, {">", "gt"}, {">=", "ge"},
      {"&", "bitand"}, {"~", "matches"}, {"&&", "and"}, {"||", "or"}, {"!", "not"}};
  for (const auto& [symbol, word] : same) {
    EXPECT_EQ(Lex(symbol)[0].kind, Lex(word)[0].kind) << word;
    EXPECT_EQ(Lex(symbol)[0].op, Lex(word)[0].op) << word;
  }
}

TEST(FilterLexer, ForeignOperatorsGetASuggestion) {
  EXPECT_EQ(ErrorOf("a = 1").suggestion, "==");
  EXPECT_EQ(ErrorOf("a <> 1").suggestion, "!=");
  EXPECT_EQ(ErrorOf("a =~ \"b\"").suggestion, "matches");
  EXPECT_EQ(ErrorOf("a !~ \"b\"").suggestion, "matches");
  EXPECT_EQ(ErrorOf("a ; b").suggestion, "");
}

}  // namespace
}  // namespace tapiary::server
