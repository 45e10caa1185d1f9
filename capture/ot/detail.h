// Helpers to fill Transaction::detail and ::anomalies within bounds.
//
// Texts from the wire are cut to kMaxDetailBytes and a transaction takes kMaxDetails entries, so no
// packet makes a large record. Keys are those of the protocol's README. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture {

inline constexpr std::size_t kMaxDetailBytes = 256;
inline constexpr std::size_t kMaxDetails = 48;

// A key that is there already stays as it is: members of a JSON object are unique.
void AddDetail(Transaction& out, std::string_view key, std::string_view text);
void AddNumber(Transaction& out, std::string_view key, std::int64_t number);
// The first 64 bytes as hex, and KEY_bytes when there are more; nothing for no bytes.
void AddHex(Transaction& out, std::string_view key, base::Bytes bytes);
// Each name once; at most 16.
void AddAnomaly(Transaction& out, std::string_view name);

// Adds `text` behind `separator` as long as `list` stays within kMaxDetailBytes; "..." when not.
void AppendBounded(std::string& list, std::string_view separator, std::string_view text);

}  // namespace tapiary::capture
