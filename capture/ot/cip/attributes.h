// Attribute services: which attributes, with which values; those that matter are named.
//
// Named are the TCP/IP Interface object (addresses, host name), the wall clock and the identity.
// Source: CIP Networks Library volume 1, appendix A-4; volume 2, section 5-4. Pure; any thread.
#pragma once

#include "base/byte_cursor.h"
#include "capture/ot/cip/services.h"
#include "capture/records.h"

namespace tapiary::capture::cip {

void AttributeRequest(std::uint8_t service, const Target& target, base::Bytes data,
                      Transaction& out);
void AttributeResponse(std::uint8_t service, const Target& target, base::Bytes data,
                       Transaction& out);

}  // namespace tapiary::capture::cip
