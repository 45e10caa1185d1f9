// Filter: the search language of API and UI, in Wireshark's syntax, as a typed tree.
//
// One parser for all uses; the tree is compiled to SQL (sql.h) or evaluated on decoded packets
// (packet_filter.h). Values are checked and converted when parsed, so what follows cannot fail.
// Hostile input: length, nesting and number of terms are limited. Immutable after parsing; any
// thread. Reference: docs/filter.md, made from the field table.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "server/query/field.h"

namespace tapiary::server {

class TextMatcher;

inline constexpr std::size_t kMaxFilterBytes = 4096;
inline constexpr std::size_t kMaxFilterDepth = 32;
inline constexpr std::size_t kMaxFilterTerms = 256;

enum class FilterOp : std::uint8_t {
  kPresent,  // the field alone
  kEqual,
  kNotEqual,  // all values differ (Wireshark 4)
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kContains,
  kMatches,  // a regular expression (pattern.h)
  kBits,     // some bit of the mask is set
  kIn,
};

// 16 bytes, IPv4 as ::ffff:a.b.c.d, so that order and ranges are those of the catalog.
using AddressKey = std::array<std::uint8_t, 16>;

// A value, or an inclusive range of values (networks are ranges). Which members count depends on
// the field's type: addresses use the address pair, text and MAC `text`, flow ids epoch, number and
// `text` for the sensor, all others the numbers.
struct FilterValue {
  std::int64_t low = 0;
  std::int64_t high = 0;
  AddressKey address_low{};
  AddressKey address_high{};
  std::string text{};  // escaped as stored text is (base::EscapeBytes); the pattern of kMatches
  std::shared_ptr<const TextMatcher> matcher{};  // kMatches; shared by copies of the filter
  bool operator==(const FilterValue&) const = default;
};

struct FilterNode {
  enum class Kind : std::uint8_t { kAlways, kAnd, kOr, kNot, kTest };
  Kind kind = Kind::kAlways;
  std::vector<FilterNode> children{};
  const FilterField* field = nullptr;  // kTest
  FilterOp op = FilterOp::kPresent;
  std::int64_t mask = 0;  // of &: what is compared is the value's bits in it; 0: the value itself
  std::vector<FilterValue> values{};
};

struct FilterError {
  std::size_t position = 0;  // byte of the text where it is wrong
  std::size_t length = 0;    // bytes that are wrong; 0 at the end of the text
  std::string message;       // what is wrong; text of the filter in it is escaped
  std::string expected;      // what could stand there, or empty
  std::string suggestion;    // a replacement for the wrong bytes, or empty
  // "at 14: unknown field 'ip.adr'; expected a field name; did you mean 'ip.addr'?"
  [[nodiscard]] std::string ToString() const;
};

class Filter {
 public:
  Filter() = default;  // matches everything
  // kInvalid; *error, when given, has the details. Times such as -1h are counted from now_ns.
  static base::Result<Filter> Parse(std::string_view text, FilterError* error = nullptr,
                                    std::int64_t now_ns = base::WallNow());

  [[nodiscard]] const FilterNode& root() const { return root_; }
  // Every field of it can be read from a packet alone.
  [[nodiscard]] bool packets_suffice() const;
  // Names of fields in it that the table has not got, each once.
  [[nodiscard]] std::vector<std::string_view> FieldsNotIn(FilterTable table) const;

 private:
  FilterNode root_;
};

}  // namespace tapiary::server
