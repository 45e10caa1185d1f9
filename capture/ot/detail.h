// Helpers to fill Transaction::detail and ::anomalies within bounds, and to read details back.
//
// Texts from the wire are cut to kMaxDetailBytes and a transaction takes kMaxDetails entries, so no
// packet makes a large record. Keys are those of the protocol's README. Pure; any thread.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture {

inline constexpr std::size_t kMaxDetailBytes = 256;
inline constexpr std::size_t kMaxDetails = 48;
inline constexpr std::size_t kMaxHexBytes = kMaxDetailBytes / 2;

// A key that is there already stays as it is: members of a JSON object are unique. `max`: for lists
// of our own words that are worth more room.
void AddDetail(Transaction& out, std::string_view key, std::string_view text,
               std::size_t max = kMaxDetailBytes);
// For what a message may tell more than once: another text under the same key gets KEY_2 to KEY_9.
void AddRepeated(Transaction& out, std::string_view key, std::string_view text);
// In decimal, signed or not.
template <std::integral Number>
void AddNumber(Transaction& out, std::string_view key, Number number) {
  AddDetail(out, key, std::to_string(number));
}
// The first kMaxHexBytes as hex, and KEY_bytes when there are more; nothing for no bytes.
void AddHex(Transaction& out, std::string_view key, base::Bytes bytes);
// Each name once; at most 16.
void AddAnomaly(Transaction& out, std::string_view name);

// nullptr when there is none.
const std::string* FindDetail(const Transaction& in, std::string_view key);
// A detail that is a decimal number.
std::optional<std::uint32_t> FindNumber(const Transaction& in, std::string_view key);

// Hex of the first bytes, as many as a detail holds.
std::string HexOf(base::Bytes bytes);
// The bytes as they are, without the zeros and blanks at their end, cut to kMaxDetailBytes.
std::string_view TextOf(base::Bytes bytes);
// All of it ASCII that shows.
bool IsPrintable(base::Bytes bytes);

// Adds `text` behind `separator` as long as `list` stays within `max`; when not, "..." and false
// from then on.
bool AppendBounded(std::string& list, std::string_view separator, std::string_view text,
                   std::size_t max = kMaxDetailBytes);

}  // namespace tapiary::capture
