// The data of HART commands worth reading: identity, tags, variables, ranges. All else is hex.
//
// Requests and responses of writes have the same layout. Sources as commands.h. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::hartip {

// `data`: behind response code and device status, if any.
void DecodeData(std::uint16_t command, bool response, base::Bytes data, Transaction& out);

}  // namespace tapiary::capture::hartip
