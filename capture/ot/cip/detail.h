// Helpers to fill Transaction::detail and ::anomalies, and to read back what a request put there.
//
// Texts are cut to kMaxDetailBytes, so that no packet makes a large record. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/byte_cursor.h"
#include "capture/ot/cip/services.h"
#include "capture/records.h"

namespace tapiary::capture::cip {

inline constexpr std::size_t kMaxDetailBytes = 256;

void AddDetail(Transaction& out, std::string_view key, std::string_view text);
void AddNumber(Transaction& out, std::string_view key, std::uint64_t number);
// The first 128 bytes as hex, and KEY_bytes when there are more; nothing for no bytes.
void AddHex(Transaction& out, std::string_view key, base::Bytes bytes);
// Each name once.
void AddAnomaly(Transaction& out, std::string_view name);

// nullptr when there is none.
const std::string* FindDetail(const Transaction& in, std::string_view key);
// A decimal detail.
std::optional<std::uint32_t> FindNumber(const Transaction& in, std::string_view key);
// Of the request that `in` holds.
Target TargetOf(const Transaction& in);

}  // namespace tapiary::capture::cip
