// PatternSet: the characters of a [...] or \d in a regular expression. Only for pattern.cc.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tapiary::server {

// UTF-8 of one code point.
std::string PatternUtf8(char32_t c);
// One character of the common form, outside or inside of a set.
std::string QuotePatternChar(char32_t c);
// A text that is stored as `stored` (escaped or not), letter by letter.
std::string QuotePatternText(std::string_view stored, bool fold);

class PatternSet {
 public:
  // From the first to the last of these code points.
  void Add(char32_t low, char32_t high);
  void Add(const PatternSet& other);
  // Everything else: what is not in the set any more, and the other way about.
  void Negate();
  // Both cases of the letters a to z.
  void Fold();
  // d, w and s, as in \d, or the name of a POSIX class, as in [:alpha:]. False when there is none.
  static bool Named(std::string_view name, PatternSet* out);

  // In the common form, as one element: a set, or a group where members are stored escaped.
  [[nodiscard]] std::string ToString() const;

 private:
  using Range = std::pair<char32_t, char32_t>;
  [[nodiscard]] std::vector<Range> Merged() const;
  std::vector<Range> ranges_;
  std::vector<char32_t> escaped_;  // members that are stored as \xNN
};

}  // namespace tapiary::server
