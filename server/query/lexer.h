// Lexer of the filter language: text to tokens with byte positions. Pure; any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "server/query/filter.h"

namespace tapiary::server {

enum class FilterTokenKind : std::uint8_t {
  kEnd,
  kWord,    // field name, number, address, time, plain text
  kString,  // quoted; `text` has the escapes resolved
  kOpen,
  kClose,
  kOpenSet,
  kCloseSet,
  kComma,
  kRange,  // ..
  kAnd,
  kOr,
  kNot,
  kCompare,  // `op` says which; `in`, `contains`, `matches` and & are here as well
};

struct FilterToken {
  FilterTokenKind kind = FilterTokenKind::kEnd;
  FilterOp op = FilterOp::kPresent;
  std::size_t position = 0;
  std::size_t length = 0;
  std::string text{};
};

// The last token is kEnd. False with *error for a character or string that is no token.
bool LexFilter(std::string_view text, std::vector<FilterToken>* tokens, FilterError* error);

}  // namespace tapiary::server
