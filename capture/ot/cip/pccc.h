// PCCC: commands of PLC-5, SLC 500 and MicroLogix controllers, carried by CIP class 0x67.
//
// Requestor id (length 1 with itself, vendor 2, serial 4), then command 1, status 1, transaction 2,
// for some commands function 1, data. Source: Rockwell publication 1770-6.5.16 (DF1 Protocol and
// Command Set), chapters 7 and 13. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::cip {

// Command and function as one number for the technique table; 0 when it is cut.
std::uint32_t PcccCode(base::Bytes data);
// Operation becomes the function's name: "pccc_change_mode".
void PcccRequest(base::Bytes data, Transaction& out);
// Sets the status to exception when the controller refused.
void PcccResponse(base::Bytes data, Transaction& out);

}  // namespace tapiary::capture::cip
