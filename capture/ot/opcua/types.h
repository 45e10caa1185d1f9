// OPC UA's built-in types: bounded readers over a ByteCursor.
//
// Little endian. Every reader takes what the type says or fails the cursor; lengths and counts are
// hostile, nesting stops at kMaxDepth. Texts are at most about 200 bytes. Source: OPC 10000-6 (OPC
// UA Part 6, 1.05), clause 5.2. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::opcua {

inline constexpr int kMaxDepth = 6;
inline constexpr std::size_t kMaxNumbers = 64;
inline constexpr std::size_t kMaxText = 200;

// Null and empty are both empty.
base::Bytes ReadByteString(base::ByteCursor& cursor);
std::string_view ReadString(base::ByteCursor& cursor);
// The count of an array; 0 for null. At most what could be in the rest at a byte an element.
std::uint32_t ReadCount(base::ByteCursor& cursor);

// Calls `read(i)` for each element of an array until the bytes end. Returns the array's count.
template <class Read>
std::uint32_t ReadArray(base::ByteCursor& cursor, Read read) {
  const std::uint32_t count = ReadCount(cursor);
  for (std::uint32_t i = 0; i < count && !cursor.failed(); ++i) read(i);
  return count;
}

struct NodeId {
  std::uint16_t name_space = 0;
  std::uint32_t number = 0;
  char kind = 'i';    // i number, s string, g GUID, b bytes
  base::Bytes bytes;  // not for numbers
  [[nodiscard]] bool is_null() const { return kind == 'i' && name_space == 0 && number == 0; }
};
NodeId ReadNodeId(base::ByteCursor& cursor, bool expanded = false);
std::string Format(const NodeId& node);  // "ns=2;s=Pump", "i=2258"

std::string_view ReadQualifiedName(base::ByteCursor& cursor);
std::string_view ReadLocalizedText(base::ByteCursor& cursor);
void SkipDiagnosticInfo(base::ByteCursor& cursor);

struct Extension {
  NodeId type;
  base::Bytes body;
};
Extension ReadExtension(base::ByteCursor& cursor);

// What a variant or data value holds.
struct Content {
  std::string text;
  std::vector<std::int64_t> numbers;  // integers, booleans, whole reals
  std::uint32_t status = 0;           // of a data value
};
void ReadVariant(base::ByteCursor& cursor, Content& out, int depth = 0);
void ReadDataValue(base::ByteCursor& cursor, Content& out, int depth = 0);
// The numbers, at most kMaxNumbers a transaction.
void AddValues(const Content& content, Transaction& out);

}  // namespace tapiary::capture::opcua
