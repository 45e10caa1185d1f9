// S7comm jobs and their acknowledgements to transaction fields.
//
// Every function has its own parameter part; names, block names and counts are as far as they are
// there. `code` is the function. Pure; any thread.
#pragma once

#include "capture/ot/s7comm/items.h"
#include "capture/ot/s7comm/message.h"
#include "capture/records.h"

namespace tapiary::capture::s7comm {

// Fills operation, code and what the job says; command and technique.
void DecodeJob(const Message& message, Transaction& out, Shapes& shapes);
// Adds what an ack or ack-data says; fills operation and code when there is no request. Sets
// status.
void DecodeAck(const Message& message, const Shapes& shapes, bool has_request, Transaction& out);

// Command and technique of `code` with `sub` (area, block type, program invocation; kAnySub: none).
void SetTechnique(Transaction& out, int sub);

}  // namespace tapiary::capture::s7comm
