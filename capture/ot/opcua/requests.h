// OPC UA service requests to transaction fields.
//
// Source: OPC 10000-4 (OPC UA Part 4, Services, 1.05), clause 5 and 7; encoding: OPC 10000-6.
// Detail keys: README.md. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::opcua {

// `cursor` stands behind the request's type id. Operation and code are set by the caller; this adds
// the parameters. What ends too early leaves the cursor failed.
void DecodeRequest(std::uint32_t service, base::ByteCursor& cursor, Transaction& out);

}  // namespace tapiary::capture::opcua
