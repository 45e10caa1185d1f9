// What a Modbus device says about itself: functions 17 and 43/14.
//
// Source: MODBUS Application Protocol Specification V1.1b3, sections 6.13 and 6.21. The strings are
// a device's or a honeypot's own words: any bytes, escaped only where they are shown. Pure; any
// thread.
#pragma once

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::modbus {

// Both get the response's bytes behind the function code and add to Transaction::detail.
void DecodeServerId(base::ByteCursor& cursor, Transaction& out);
void DecodeIdentification(base::ByteCursor& cursor, Transaction& out);

}  // namespace tapiary::capture::modbus
