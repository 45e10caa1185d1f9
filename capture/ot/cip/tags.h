// Tag services of Logix controllers: read, write, fragmented, read-modify-write, tag list.
//
// Values of elementary types become Transaction::values (REAL as detail "reals"); structures stay
// hex. Source: Rockwell publication 1756-PM020 (Logix 5000 Controllers Data Access). Pure; any
// thread.
#pragma once

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::cip {

// `service`: one of the tag services; `data` follows the path.
void TagRequest(std::uint8_t service, base::Bytes data, Transaction& out);
void TagResponse(std::uint8_t service, base::Bytes data, Transaction& out);

}  // namespace tapiary::capture::cip
