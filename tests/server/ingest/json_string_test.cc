#include "server/ingest/json_string.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

TEST(JsonString, IsReadUpToItsQuote) {
  std::size_t at = 1;
  const auto read = ReadJsonString(R"("a\tb\u0041\ud83d\ude00",1)", &at);
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(*read, "a\tbA\xf0\x9f\x98\x80");
  EXPECT_EQ(at, 24u);
}

TEST(JsonString, WhatIsNoneSaysWhere) {
  const auto reason = [](std::string_view text) {
    std::size_t at = 0;
    const auto read = ReadJsonString(text, &at);
    return read ? "" : read.error().message;
  };
  EXPECT_EQ(reason("abc"), "a string that does not end at offset 0");
  EXPECT_EQ(reason(R"(ab\x")"), "a wrong escape at offset 3");
  EXPECT_EQ(reason(R"(ab\u12")"), "a wrong escape at offset 3");
  EXPECT_EQ(reason("\\"), "a wrong escape at offset 0");
}

}  // namespace
}  // namespace tapiary::server
