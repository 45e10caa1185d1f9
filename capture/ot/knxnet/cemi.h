// cEMI: what a KNX telegram asks of which group or device. Sources as message.h. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>

#include "base/byte_cursor.h"
#include "capture/ot/techniques.h"
#include "capture/records.h"

namespace tapiary::capture::knxnet {

// Fills operation, address, values, flags and details; what `out` has as operation becomes detail
// "service". `orders`: the sender wants it done, rather than reports what the bus did.
void DecodeCemi(base::Bytes bytes, bool cut, bool orders, Transaction& out);

// By service code; cEMI services are sub-functions: APCI, or kCemiBase + message code.
std::span<const TechniqueRow> Techniques();
inline constexpr std::int32_t kCemiBase = 0x1000;

}  // namespace tapiary::capture::knxnet
