// What people read when the collector refuses.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/collector_client.h"

namespace tapiary::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;

std::string At(std::size_t position, std::size_t length, std::string_view filter) {
  const std::string body = R"({"title":"T","detail":"d","position":)" + std::to_string(position) +
                           R"(,"length":)" + std::to_string(length) + "}";
  return ExplainProblem(400, body, filter).message;
}

TEST(Problem, CaretStandsUnderTheWrongPart) {
  EXPECT_EQ(At(0, 3, "abc == 1"), "T: d\n  abc == 1\n  ^~~");
  EXPECT_EQ(At(7, 1, "abc == x"), "T: d\n  abc == x\n         ^");
  EXPECT_EQ(At(8, 0, "abc == 1"), "T: d\n  abc == 1\n          ^");
  EXPECT_EQ(At(8, 2, "a\n==\t\xc3\xa4 \xc3\xb6"), "T: d\n  a == \xc3\xa4 \xc3\xb6\n         ^");
}

TEST(Problem, CaretOfNonsenseStaysInside) {
  EXPECT_THAT(At(99, 99, "abc"), EndsWith("\n  abc\n     ^"));
  EXPECT_THAT(At(SIZE_MAX, SIZE_MAX, "abc"), EndsWith("\n  abc\n     ^"));
}

TEST(Problem, ALongFilterIsCutAroundIt) {
  const std::string message = At(2000, 3, std::string(2000, 'a') + "bad" + std::string(2000, 'c'));
  EXPECT_LT(message.size(), 400U);
  EXPECT_THAT(message, HasSubstr("aabadcc"));
  EXPECT_THAT(message, EndsWith("\n  " + std::string(53, ' ') + "^~~"));
}

TEST(Problem, WhatIsNoProblemStillHasItsStatus) {
  for (const char* body : {"", "<html>", "[1]", "null", "\xff", "{\"title\":7}"}) {
    EXPECT_EQ(ExplainProblem(502, body, "").message, "the collector answers 502") << body;
  }
  EXPECT_EQ(ExplainProblem(502, std::string(70'000, '['), "").code, base::ErrorCode::kUnavailable);
}

TEST(Problem, EscapedTextIsNotEscapedTwice) {
  EXPECT_EQ(ExplainProblem(400, R"({"title":"T","detail":"'\\x1b' is bad"})", "").message,
            "T: '\\x1b' is bad");
}

}  // namespace
}  // namespace tapiary::cli
