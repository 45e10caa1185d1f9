// Small helpers of all decoders on ISO transport: bounded details and anomalies of a transaction.
//
// Pure; any thread.
#pragma once

#include <string>
#include <string_view>

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::iso {

inline constexpr std::size_t kMaxDetailBytes = 256;

// Cut at kMaxDetailBytes; a key that is there already keeps its text.
void AddDetail(Transaction& out, std::string_view key, std::string text);
void AddNumber(Transaction& out, std::string_view key, std::uint64_t number);
// Once each.
void AddAnomaly(Transaction& out, std::string_view name);
// Hex of the first bytes, as many as a detail holds.
std::string HexOf(base::Bytes bytes);
// Text as it is on the wire, without the blanks and zeros at its end.
std::string TextOf(base::Bytes bytes);
bool IsPrintable(base::Bytes bytes);

}  // namespace tapiary::capture::iso
