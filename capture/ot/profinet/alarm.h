// PROFINET alarms: the RTA PDU and the notification in it (IEC 61158-6-10 clauses 4.9 and 5.2.9).
//
// Pure; any thread.
#pragma once

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::profinet {

enum class RtaKind : std::uint8_t { kBad = 0, kData = 1, kNack = 2, kAck = 3, kError = 4 };

// `bytes`: behind the frame id.
RtaKind KindOfRta(base::Bytes bytes);
// For kData and kError.
void DecodeRta(base::Bytes bytes, bool high, Transaction& out);

}  // namespace tapiary::capture::profinet
