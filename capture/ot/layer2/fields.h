// Small helpers of the decoders for frames without IP: texts of addresses, keys, and how what a
// publisher sends begins.
//
// Used by goose, sv, profinet and ethercat. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_cursor.h"
#include "capture/ot/techniques.h"
#include "capture/records.h"

namespace tapiary::capture::layer2 {

std::string MacText(base::Bytes six);
std::string Ip4Text(std::uint32_t address);
// "dea00001-6c97-11d1-8271-00a02442df7d"; `big`: byte order of the first three fields.
std::string UuidText(base::Bytes sixteen, bool big);
// FNV-1a, for keys of tables.
std::uint64_t HashOf(base::Bytes bytes, std::uint64_t seed = 0xcbf29ce484222325u);

// What a publisher (GOOSE, sampled values) sends without being asked; `appid` is the unit.
Transaction Published(std::string_view service, std::string_view operation, std::int32_t code,
                      std::uint16_t appid, const Technique& technique, std::int64_t time_ns);

}  // namespace tapiary::capture::layer2
