// Regular expressions: what they mean, what is refused, and that both databases find the same.
#include "server/query/pattern.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "base/text.h"
#include "server/catalog/text_matcher.h"
#include "tests/base/temp_folder.h"
#include "tests/support/catalog.h"

namespace tapiary::server {
namespace {

using testing::HasSubstr;

std::string Common(std::string_view pattern) {
  std::string common;
  PatternError error;
  EXPECT_TRUE(RewritePattern(pattern, &common, &error))
      << pattern << ": at " << error.position << ": " << error.message;
  return common;
}

// As a filter does: the text as it came, stored escaped.
bool Finds(std::string_view pattern, std::string_view text) {
  const auto matcher = TextMatcher::Make(Common(pattern));
  EXPECT_TRUE(matcher) << pattern << " " << Common(pattern);
  return matcher && (*matcher)->Matches(base::EscapeBytes(text));
}

PatternError ErrorOf(std::string_view pattern) {
  std::string common;
  PatternError error;
  EXPECT_FALSE(RewritePattern(pattern, &common, &error)) << pattern << " gave " << common;
  return error;
}

TEST(Pattern, FindsAnywhereInAnyCase) {
  EXPECT_TRUE(Finds("admin", "/ADMIN/login"));
  EXPECT_TRUE(Finds("ADMIN", "/admin/login"));
  EXPECT_FALSE(Finds("(?-i)ADMIN", "/admin/login"));
  EXPECT_TRUE(Finds("(?i)ADMIN", "/admin/login"));
  EXPECT_TRUE(Finds("", "anything"));
  EXPECT_TRUE(Finds("^$", ""));
  EXPECT_FALSE(Finds("^$", "x"));
  EXPECT_TRUE(Finds("[a-c]z", "BZ"));
  EXPECT_FALSE(Finds("[^a-c]z", "BZ"));
}

TEST(Pattern, TheLanguage) {
  EXPECT_TRUE(Finds("^/cgi-bin/.*\\.(sh|pl)$", "/cgi-bin/a/b.sh"));
  EXPECT_FALSE(Finds("^/cgi-bin/.*\\.(sh|pl)$", "/cgi-bin/a/b.shx"));
  EXPECT_TRUE(Finds("a{2,3}b", "aaab"));
  EXPECT_FALSE(Finds("^a{2,3}b", "ab"));
  EXPECT_TRUE(Finds("a{2,}b", "aaaaab"));
  EXPECT_TRUE(Finds("x{y", "x{y"));
  EXPECT_TRUE(Finds("\\d+\\.\\d+", "SSH-2.0"));
  EXPECT_TRUE(Finds("^\\w+$", "abc_9"));
  EXPECT_FALSE(Finds("^\\w+$", "abc-9"));
  EXPECT_TRUE(Finds("\\S\\s\\S", "a b"));
  EXPECT_TRUE(Finds("(?:ab)+?c", "ababc"));
  EXPECT_TRUE(Finds("(?P<name>x)(?<other>y)", "xy"));
  EXPECT_TRUE(Finds("[[:digit:]_]x", "_x"));
  EXPECT_TRUE(Finds("[^[:alpha:]]", "1"));
  EXPECT_TRUE(Finds("[[:^alpha:]]", "1"));
  EXPECT_TRUE(Finds("[]x]", "]"));
  EXPECT_TRUE(Finds("[a-]", "-"));
  EXPECT_TRUE(Finds("[\\]\\-^]", "^"));
  EXPECT_TRUE(Finds("\\badmin\\b", "an admin."));
  EXPECT_FALSE(Finds("\\badmin\\b", "administrator"));
  EXPECT_TRUE(Finds("\\Bmin\\b", "admin"));
  EXPECT_TRUE(Finds("\\Aab\\z", "ab"));
  EXPECT_TRUE(Finds("a||b", ""));
  EXPECT_TRUE(Finds("\xc3\xa4{2}", "\xc3\xa4\xc3\xa4"));
  EXPECT_TRUE(Finds("[\xc3\xa4-\xc3\xbc]", "\xc3\xb6"));
  EXPECT_TRUE(Finds("\\x{e4}\\x41",
                    "\xc3\xa4"
                    "a"));
}

TEST(Pattern, BytesThatAreStoredEscaped) {
  EXPECT_TRUE(Finds("C:\\\\Windows", "c:\\windows"));
  EXPECT_TRUE(Finds("a[\\\\/]b", "a\\b"));
  EXPECT_TRUE(Finds("a[\\\\/]b", "a/b"));
  EXPECT_FALSE(Finds("^a[^\\\\]b", "a\\b"));
  EXPECT_TRUE(Finds("\\x00\\xff", std::string_view("\0\xff", 2)));
  EXPECT_TRUE(Finds("\\x00+$", std::string_view("\0\0\0", 3)));
  EXPECT_TRUE(Finds("a\\r\\nb", "a\r\nb"));
  EXPECT_TRUE(Finds("a\\sb", "a\tb"));
  EXPECT_TRUE(Finds("\\\\bx", "\\bx"));  // a backslash and a b, not a word boundary
  EXPECT_FALSE(Finds("^\\\\bx", "bx"));
}

TEST(Pattern, WhatIsWrongHasItsPlace) {
  const std::pair<const char*, std::size_t> cases[] = {
      {"a(b", 1},    {"ab)", 2},       {"[a", 0},          {"a[b-a]", 2},    {"*a", 0},
      {"a**", 2},    {"a+{2}", 2},     {"^*", 1},          {"\\b+", 2},      {"(?=a)", 0},
      {"(?<=a)", 0}, {"(a)\\1", 3},    {"\\pL", 0},        {"\\q", 0},       {"a\\", 1},
      {"\\x4", 0},   {"\\x{}", 0},     {"\\x{110000}", 0}, {"\\x{d800}", 0}, {"a{3,2}", 1},
      {"a{256}", 1}, {"[[:foo:]]", 1}, {"(?P<a", 0},       {"a(?i)b", 1},    {"[\\xff]", 5},
      {"\xff", 0},   {"[a-", 1}};
  for (const auto& [pattern, position] : cases) {
    EXPECT_EQ(ErrorOf(pattern).position, position) << pattern << ": " << ErrorOf(pattern).message;
    EXPECT_FALSE(ErrorOf(pattern).message.empty());
  }
}

TEST(Pattern, CO13_SizeIsLimited) {
  EXPECT_THAT(ErrorOf(std::string(kMaxPatternBytes + 1, 'a')).message, HasSubstr("longer"));
  EXPECT_THAT(ErrorOf("((a{100}){100}){100}").message, HasSubstr("too large"));
  EXPECT_THAT(ErrorOf("(a{255}){255}").message, HasSubstr("too large"));
  EXPECT_THAT(ErrorOf("(\\x00{200}){2,}").message, HasSubstr("too large"));
  EXPECT_THAT(ErrorOf(std::string(17, '(') + std::string(17, ')')).message, HasSubstr("nested"));
  const std::string deep = std::string(16, '(') + "a" + std::string(16, ')');
  EXPECT_TRUE(Finds(deep, "a"));
  EXPECT_TRUE(Finds(std::string(kMaxPatternBytes / 2, '.'), std::string(300, 'x')));
}

// What an expensive engine would take for ever for.
TEST(Pattern, CO13_HostilePatternsAreLinear) {
  const std::string text(50'000, 'a');
  EXPECT_FALSE(Finds("(a*)*(a*)*(a*)*b", text));
  EXPECT_FALSE(Finds("(a|a|a|a)*(a|aa)+$b", text));
  EXPECT_FALSE(Finds("(.*)(.*)(.*)(.*)(.*)[^a]", text));
}

TEST(Pattern, BoundariesNeverComeAboutByChance) {
  for (const char* pattern :
       {"[\\\\b]", "[+-\\\\b]", "[\\\\-b]x", "\\\\b", "[\\\\B\\]]", "[Z-\\\\b-c]"}) {
    for (const char* boundary : {"\\b", "\\B"}) {
      EXPECT_EQ(Common(pattern).find(boundary), std::string::npos) << Common(pattern);
    }
  }
}

// --- on the catalog: SQLite's function is the matcher itself, PostgreSQL's engine is another ---

class PatternSql : public testing::Test {
 protected:
  void SetUp() override {
    catalog_ = std::move(*Catalog::Open(test::TestCatalog(folder_.path() + "/c.db")));
  }
  void Compare(const std::string& pattern, const std::vector<std::string>& texts) {
    std::string common;
    PatternError error;
    if (!RewritePattern(pattern, &common, &error)) return;
    const auto matcher = TextMatcher::Make(common);
    ASSERT_TRUE(matcher) << pattern << " became " << common << ": " << matcher.error().message;
    ++compared_;
    std::string sql = "SELECT ";
    std::vector<SqlValue> values;
    for (const std::string& text : texts) {
      sql += std::string(values.empty() ? "" : ", ") +
             "CASE WHEN tapiary_matches(?, ?) THEN 1 ELSE 0 END";
      values.emplace_back(base::EscapeBytes(std::string_view(text)));
      values.emplace_back(common);
    }
    const auto done = catalog_->Query(sql, values, [&](const SqlRow& row) {
      for (std::size_t i = 0; i < texts.size(); ++i) {
        EXPECT_EQ(row.Int(i) != 0, (*matcher)->Matches(std::get<std::string>(values[2 * i])))
            << pattern << " became " << common << " on '" << std::get<std::string>(values[2 * i]);
        found_ += row.Int(i) != 0 ? 1 : 0;
      }
      return true;
    });
    EXPECT_TRUE(done) << pattern << " became " << common << ": " << done.error().message;
  }

  base::TempFolder folder_;
  std::unique_ptr<Catalog> catalog_;
  int compared_ = 0;
  int found_ = 0;
};

const std::vector<std::string> kTexts = {
    "",         "a",          "ab",     "ba b",       "aaa",       "A_9",
    "a.b",      "c:\\b",      "\\b",    "x\xc3\xa4",  "\xc3\xa4x", "a\r\nb",
    "b\xff",    "-]^[",       "(a){2}", "/a?b=c&d|e", "aB-Ba",     "\xe2\x82\xac\xf0\x9f\x98\x80",
    "9 99 999", "b\xc3\xa9 b"};

constexpr const char* kPatterns[] = {"",
                                     "a",
                                     "^a",
                                     "a$",
                                     "^$",
                                     "a|",
                                     "|a",
                                     "()",
                                     "(|a)b",
                                     "a||b",
                                     "(?:)",
                                     "[ab]+",
                                     "[^ab]",
                                     ".",
                                     "^.$",
                                     "^..$",
                                     "a.b",
                                     "a*",
                                     "a+b",
                                     "a?b",
                                     "a{2}",
                                     "a{1,}b",
                                     "a{0}",
                                     "(a{0,2}){1,2}b",
                                     "\\bb",
                                     "b\\b",
                                     "\\Bb",
                                     "\\ba\\b",
                                     "\\d",
                                     "\\D",
                                     "\\w\\W",
                                     "\\s",
                                     "\\S+",
                                     "[\\s\\d]",
                                     "[^\\s]",
                                     "\\\\",
                                     "[\\\\]",
                                     "[^\\\\]",
                                     "\\\\b",
                                     "[\\\\b]",
                                     "\\xff",
                                     "\\r\\n",
                                     "\xc3\xa4",
                                     "[\xc3\xa0-\xc3\xbf]",
                                     "[^\xc3\xa4]",
                                     "\\x{1f600}",
                                     "[\\x{20ac}-\\x{1f600}]",
                                     "[]]",
                                     "[\\-\\]\\[^]+",
                                     "\\(a\\)\\{2\\}",
                                     "[[:punct:]]{2}",
                                     "[[:^alpha:]]",
                                     "a{",
                                     "{",
                                     "}",
                                     "]",
                                     "(?-i)B",
                                     "[^a]$",
                                     "\\A\\z",
                                     "$a",
                                     "a^",
                                     "(^a|b$)",
                                     "(^|b)a",
                                     "(a|ab)(c|b)?$",
                                     "((a))",
                                     "(?:a|b)*?b",
                                     "[!-~]$",
                                     "[ -\\\\]",
                                     "/\\?|&"};

TEST_F(PatternSql, BothEnginesAgreeOnTheLanguage) {
  for (const char* pattern : kPatterns) {
    Compare(pattern, kTexts);
  }
  EXPECT_GT(found_, 300);
}

TEST_F(PatternSql, BothEnginesAgreeOnRandomPatterns) {
  std::mt19937 random(20260101);
  const std::vector<std::string> parts = {
      "a",    "b",   "B",       ".",        "*",   "+",        "?",   "{2}",   "{0,1}",  "|",  "(",
      ")",    "(?:", "[ab]",    "[^a]",     "\\b", "\\B",      "\\d", "\\w",   "\\W",    "^",  "$",
      "\\\\", "-",   "[\\\\b]", "\xc3\xa4", "\\s", "[+-\\\\]", "9",   "{1,3}", "[^\\s]", "\\."};
  for (int round = 0; round < 4000; ++round) {
    std::string pattern;
    const std::size_t length = 1 + random() % 9;
    for (std::size_t i = 0; i < length; ++i) pattern += parts[random() % parts.size()];
    Compare(pattern, kTexts);
    if (HasFailure()) return;
  }
  EXPECT_GT(compared_, 800);
  EXPECT_GT(found_, 3000);
}

// The largest that are allowed must not fail on one of the two.
TEST_F(PatternSql, BothEnginesTakeTheLargest) {
  const std::vector<std::string> texts = {std::string(3000, 'a'), std::string(500, 'b') + "c"};
  for (const std::string& pattern :
       {std::string("(a{30}){30}"), std::string("(?:a|b){0,200}c"), std::string("(.?.?.?){83}c"),
        std::string("[^c]{255}c"), std::string("(?:(?:a?){15}){15}b"),
        std::string("(\\bb\\b|b){100}c"), std::string("(a*)*(a*)*b"),
        std::string(250, '.') + "c"}) {
    Compare(pattern, texts);
  }
  EXPECT_EQ(compared_, 8);
}

}  // namespace
}  // namespace tapiary::server
