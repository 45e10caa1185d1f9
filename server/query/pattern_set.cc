#include "server/query/pattern_set.h"

#include <algorithm>
#include <array>

#include "base/text.h"

namespace tapiary::server {
namespace {

constexpr char32_t kFirst = 0x20;  // below are control characters, which are stored escaped
constexpr char32_t kLast = 0x10ffff;
constexpr char32_t kFirstSurrogate = 0xd800;
constexpr char32_t kLastSurrogate = 0xdfff;

bool IsAlnum(char32_t c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

bool IsStoredEscaped(char32_t c) {
  const std::string text = PatternUtf8(c);
  return base::EscapeBytes(std::string_view(text)) != text;
}

struct NamedRanges {
  std::string_view name;
  std::string_view pairs;  // low, high, low, high ...
};
constexpr std::array kNamed = {
    NamedRanges{"d", "09"},
    NamedRanges{"w", "09AZaz__"},
    NamedRanges{"s", "\t\t\n\n\f\f\r\r  "},
    NamedRanges{"alnum", "09AZaz"},
    NamedRanges{"alpha", "AZaz"},
    NamedRanges{"blank", "\t\t  "},
    NamedRanges{"digit", "09"},
    NamedRanges{"graph", "!~"},
    NamedRanges{"lower", "az"},
    NamedRanges{"print", " ~"},
    NamedRanges{"punct", "!/:@[`{~"},
    NamedRanges{"space", "\t\t\n\n\v\v\f\f\r\r  "},
    NamedRanges{"upper", "AZ"},
    NamedRanges{"word", "09AZaz__"},
    NamedRanges{"xdigit", "09AFaf"},
};

}  // namespace

std::string PatternUtf8(char32_t c) {
  const auto tail = [&](int shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3f)); };
  if (c < 0x80) return {static_cast<char>(c)};
  if (c < 0x800) return {static_cast<char>(0xc0 | (c >> 6)), tail(0)};
  if (c < 0x10000) return {static_cast<char>(0xe0 | (c >> 12)), tail(6), tail(0)};
  return {static_cast<char>(0xf0 | (c >> 18)), tail(12), tail(6), tail(0)};
}

std::string QuotePatternChar(char32_t c) {
  const std::string text = PatternUtf8(c);
  return c >= 0x80 || IsAlnum(c) || c == ' ' || c == '_' ? text : "\\" + text;
}

std::string QuotePatternText(std::string_view stored, bool fold) {
  std::string out;
  for (const char c : stored) {
    const bool lower = c >= 'a' && c <= 'z';
    const bool upper = c >= 'A' && c <= 'Z';
    if (c == '\\') {
      out += "[\\\\]";  // "\b" must not come about: it is a word boundary
    } else if (fold && (lower || upper)) {
      out += {'[', static_cast<char>(c & ~0x20), static_cast<char>(c | 0x20), ']'};
    } else if (static_cast<unsigned char>(c) >= 0x80) {
      out += c;
    } else {
      out += QuotePatternChar(static_cast<char32_t>(c));
    }
  }
  return out;
}

void PatternSet::Add(char32_t low, char32_t high) {
  if (low == high && IsStoredEscaped(low)) {
    escaped_.push_back(low);
  } else {
    ranges_.emplace_back(low, high);
  }
}

void PatternSet::Add(const PatternSet& other) {
  ranges_.insert(ranges_.end(), other.ranges_.begin(), other.ranges_.end());
  escaped_.insert(escaped_.end(), other.escaped_.begin(), other.escaped_.end());
}

// Sorted, apart from each other, without control characters.
std::vector<PatternSet::Range> PatternSet::Merged() const {
  std::vector<Range> sorted = ranges_;
  std::sort(sorted.begin(), sorted.end());
  std::vector<Range> merged;
  for (Range range : sorted) {
    range.first = std::max(range.first, kFirst);
    if (range.first > range.second) continue;
    if (!merged.empty() && range.first <= merged.back().second + 1) {
      merged.back().second = std::max(merged.back().second, range.second);
    } else {
      merged.push_back(range);
    }
  }
  return merged;
}

void PatternSet::Negate() {
  for (const char32_t c : escaped_) {
    if (c == '\\') ranges_.emplace_back(c, c);  // the first byte of an escape
  }
  escaped_.clear();
  std::vector<Range> rest;
  char32_t next = kFirst;
  for (const auto& [low, high] : Merged()) {
    if (low > next) rest.emplace_back(next, low - 1);
    next = high + 1;
  }
  if (next <= kLast) rest.emplace_back(next, kLast);
  for (auto& [low, high] : rest) {  // surrogates cannot be written
    if (low >= kFirstSurrogate && low <= kLastSurrogate) low = kLastSurrogate + 1;
    if (high >= kFirstSurrogate && high <= kLastSurrogate) high = kFirstSurrogate - 1;
  }
  ranges_ = std::move(rest);
}

void PatternSet::Fold() {
  std::vector<Range> more;
  for (const auto& [low, high] : ranges_) {
    for (const auto& [first, last, other] :
         {std::array<char32_t, 3>{'A', 'Z', 'a'}, std::array<char32_t, 3>{'a', 'z', 'A'}}) {
      const char32_t from = std::max(low, first);
      const char32_t to = std::min(high, last);
      if (from <= to) more.emplace_back(from - first + other, to - first + other);
    }
  }
  ranges_.insert(ranges_.end(), more.begin(), more.end());
}

bool PatternSet::Named(std::string_view name, PatternSet* out) {
  for (const NamedRanges& named : kNamed) {
    if (named.name != name) continue;
    for (std::size_t i = 0; i < named.pairs.size(); i += 2) {
      out->Add(static_cast<unsigned char>(named.pairs[i]),
               static_cast<unsigned char>(named.pairs[i + 1]));
    }
    return true;
  }
  return false;
}

std::string PatternSet::ToString() const {
  std::string set;
  std::string backslash;  // goes last, so that "\b" never comes about (pattern.h)
  for (const auto& [low, high] : Merged()) {
    std::string text = QuotePatternChar(low);
    if (high != low) text += "-" + QuotePatternChar(high);
    (high == '\\' ? backslash : set) += text;
  }
  set += backslash;
  std::string out;
  if (!set.empty()) out = "[" + set + "]";
  for (const char32_t c : escaped_) {
    const std::string text = PatternUtf8(c);
    out += (out.empty() ? "" : "|") +
           QuotePatternText(base::EscapeBytes(std::string_view(text)), false);
  }
  if (out.empty()) return "(?:[^ -\xf4\x8f\xbf\xbf])";  // nothing that is stored
  return escaped_.empty() ? out : "(?:" + out + ")";
}

}  // namespace tapiary::server
