// OPC UA service responses to transaction fields.
//
// Source: OPC 10000-4 (OPC UA Part 4, Services, 1.05), clauses 5 and 7. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::opcua {

// `cursor` stands behind the response's type id `id`. Sets status and exception.
void DecodeResponse(std::uint32_t id, base::ByteCursor& cursor, Transaction& out);

}  // namespace tapiary::capture::opcua
