// Text from bytes that may be anything: what attackers send, what files claim to be names.
//
// Printable output is always valid UTF-8, so that JSON, terminals and browsers accept it. Escaping
// is reversible: a byte that is not part of valid UTF-8, a control character (C0, DEL, C1,
// bidirectional overrides) or a backslash becomes \xNN (one per byte). See docs/formats/text.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_cursor.h"
#include "base/result.h"

namespace tapiary::base {

std::string EscapeBytes(Bytes bytes);
std::string EscapeBytes(std::string_view bytes);
// Exact inverse. kInvalid for a backslash that starts no \xNN.
Result<std::string> UnescapeBytes(std::string_view text);
bool IsValidUtf8(std::string_view text);

std::string ToHex(Bytes bytes);  // lower case
Result<std::vector<std::uint8_t>> FromHex(std::string_view text);
std::string ToBase64(Bytes bytes);  // RFC 4648 section 4, padded
Result<std::vector<std::uint8_t>> FromBase64(std::string_view text);

// "10GiB", "500MB", "64k", "1024": bytes, by IEC or SI suffix (k, M, G, T alone are powers of
// 1024).
Result<std::int64_t> ParseSize(std::string_view text);
// "250ms", "1.5s", "5m", "2h", "7d": nanoseconds. A number alone is an error: say the unit.
Result<std::int64_t> ParseDuration(std::string_view text);
std::string FormatSize(std::uint64_t bytes);  // "1.5 MiB"

inline Bytes AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace tapiary::base
