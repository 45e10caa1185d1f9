// TextMatcher: one regular expression, judged by RE2 in time linear in the text.
//
// SQLite's function tapiary_matches(text, pattern) and the packet filter use it; on PostgreSQL the
// function of that name is the server's own engine. So that both find the same, patterns come from
// query/pattern.h alone, which writes only what the two understand alike. Immutable; any thread.
#pragma once

#include <memory>
#include <string_view>

#include "base/result.h"

struct sqlite3;

namespace tapiary::server {

class TextMatcher {
 public:
  // kInvalid when it does not parse, kTooLarge when its automaton would pass 1 MiB.
  static base::Result<std::shared_ptr<const TextMatcher>> Make(std::string_view pattern);
  virtual ~TextMatcher() = default;
  // Anywhere in the text.
  [[nodiscard]] virtual bool Matches(std::string_view text) const = 0;
};

// Registers the function. False when SQLite refuses.
bool AddMatchFunction(sqlite3* database);

}  // namespace tapiary::server
