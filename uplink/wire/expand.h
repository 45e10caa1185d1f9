// Internal to wire: the bounded way from a received body to the records of its message.
//
// Protobuf would allocate for millions of empty records that fit into a small body, so the top
// level is walked here, and each record is parsed and converted alone.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "base/byte_cursor.h"
#include "base/result.h"
#include "uplink/wire/wire.h"

namespace tapiary::uplink {

// The content of the body's one zstd frame.
base::Result<std::string> ExpandBody(base::Bytes body, const DecodeLimits& limits);

// Calls `number` for each varint field and `record` for each length-delimited field of a message's
// top level, by field number; other fields are skipped. Bytes are valid during the call.
struct TopLevel {
  std::function<void(int field, std::uint64_t value)> number;
  std::function<base::Result<>(int field, base::Bytes message)> record;
};
base::Result<> WalkTopLevel(const std::string& message, const TopLevel& visit);

}  // namespace tapiary::uplink
