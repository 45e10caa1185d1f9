// Modbus PDUs to the fields of a transaction.
//
// Source: MODBUS Application Protocol Specification V1.1b3, section 6; function 90 (UMAS) by what
// public captures show. Values are bounded by what the PDU holds. What contradicts itself is named
// in Transaction::anomalies and decoded as far as it goes (OT-07). Pure; any thread.
#pragma once

#include "base/byte_cursor.h"
#include "capture/ot/modbus/framing.h"
#include "capture/records.h"

namespace tapiary::capture::modbus {

// The text of detail "sub_function" etc. is decimal unless it says otherwise.
// Fills code, operation, unit, address, quantity, values, detail, command and technique.
void DecodeRequest(const Adu& adu, Transaction& out);
// Adds what the response tells to its request's transaction, or fills an empty one when `out.code`
// is 0 (no request seen). Sets status to ok or exception.
void DecodeResponse(const Adu& adu, Transaction& out);

}  // namespace tapiary::capture::modbus
