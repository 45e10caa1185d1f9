// Small helpers of the decoders for frames without IP: bounded details, names and texts.
//
// Used by goose, sv, profinet, ethercat and knxnet. Texts are cut to kMaxDetailBytes, so that no
// frame makes a large record. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::layer2 {

inline constexpr std::size_t kMaxDetailBytes = 256;

void AddDetail(Transaction& out, std::string_view key, std::string_view text);
void AddNumber(Transaction& out, std::string_view key, std::uint64_t number);
// Each name once.
void AddAnomaly(Transaction& out, std::string_view name);
// The first 64 bytes, lower case.
std::string HexOf(base::Bytes bytes);
// Bytes as they are, without zeros and blanks at the end.
std::string_view TextOf(base::Bytes bytes);
std::string MacText(base::Bytes six);
std::string Ip4Text(std::uint32_t address);
// "dea00001-6c97-11d1-8271-00a02442df7d"; `big`: byte order of the first three fields.
std::string UuidText(base::Bytes sixteen, bool big);
// FNV-1a, for keys of tables.
std::uint64_t HashOf(base::Bytes bytes, std::uint64_t seed = 0xcbf29ce484222325u);

}  // namespace tapiary::capture::layer2
