// BACnet tags and the values behind them, as numbers and bounded text.
//
// A tag says class (application: the type is known; context: the service knows it), number and
// length, or opens and closes a group. Lengths are hostile; groups nest at most kMaxDepth deep here
// and are walked without recursion. Source: ANSI/ASHRAE 135-2020, clause 20.2. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/byte_cursor.h"

namespace tapiary::capture::bacnet {

inline constexpr int kMaxDepth = 16;

struct Tag {
  std::uint8_t number = 0;
  bool context = false;
  bool opening = false, closing = false;
  std::uint32_t size = 0;  // octets of content; an application boolean's value
  base::Bytes content;
  [[nodiscard]] bool Opens(std::uint8_t which) const { return opening && number == which; }
  [[nodiscard]] bool Closes(std::uint8_t which) const { return closing && number == which; }
  [[nodiscard]] bool IsContext(std::uint8_t which) const {
    return context && !opening && !closing && number == which;
  }
  [[nodiscard]] bool IsApplication() const { return !context; }
};
// False when there is no whole tag; then the cursor is at the end.
bool ReadTag(base::ByteCursor& cursor, Tag& tag);

// Types of application tags; also what a service's table says of its context tags.
enum class Type : std::uint8_t {
  kNull = 0,
  kBoolean = 1,
  kUnsigned = 2,
  kSigned = 3,
  kReal = 4,
  kDouble = 5,
  kOctets = 6,
  kText = 7,
  kBits = 8,
  kEnumerated = 9,
  kDate = 10,
  kTime = 11,
  kObject = 12,
  kUnknown = 13,
};

struct ObjectId {
  std::uint16_t type = 0;
  std::uint32_t instance = 0;
};
// 4 octets; nothing else is one.
std::optional<ObjectId> ToObject(base::Bytes content);
// 1 to 8 octets.
std::optional<std::uint64_t> ToUnsigned(base::Bytes content);
// Unsigned, signed, enumerated and boolean, also reals without fraction.
std::optional<std::int64_t> ToNumber(Type type, base::Bytes content);
// "analog_input:3"
std::string FormatObject(const ObjectId& object);
// At most about 200 octets of text.
std::string FormatContent(Type type, base::Bytes content);
// Of an application tag.
Type TypeOf(const Tag& tag);
std::string FormatApplication(const Tag& tag);

// A value of any form, up to the closing tag `number` (which is consumed): text, and the numbers
// among its application tags.
struct Value {
  std::string text;
  std::vector<std::int64_t> numbers;  // at most kMaxNumbers
  std::size_t octets = 0;             // in its octet strings
  bool closed = false;                // its closing tag was there
};
inline constexpr std::size_t kMaxNumbers = 64;
Value ReadValue(base::ByteCursor& cursor, std::uint8_t number);

}  // namespace tapiary::capture::bacnet
