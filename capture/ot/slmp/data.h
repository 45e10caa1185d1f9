// What the data of an SLMP or MELSOFT command and of its response tell: devices, values, files.
// Counts are bounded by the bytes that are there. Sources as in frame.h. Pure; any thread.
#pragma once

#include "capture/ot/slmp/frame.h"
#include "capture/records.h"

namespace tapiary::capture::slmp {

// Adds the parameters of a request to `out`; code is set. Returns the sub of its technique row.
std::int32_t DecodeRequestData(const Frame& frame, Transaction& out);
// Adds what the response of the request in `out` brought.
void DecodeResponseData(const Frame& frame, Transaction& out);
// How many bytes of data the response of this 3E or 4E request has; nothing when it depends.
std::optional<std::size_t> ResponseSize(const Frame& frame, const Transaction& request);

}  // namespace tapiary::capture::slmp
