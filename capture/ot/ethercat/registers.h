// Writes to a slave's registers that change what it is or does (ETG.1000.4 clause 6; the register
// map of Beckhoff's ESC data sheet, section 2). Pure; any thread.
#pragma once

#include <string_view>

#include "capture/ot/ethercat/frame.h"
#include "capture/records.h"

namespace tapiary::capture::ethercat {

// Codes of transactions and technique rows beside the commands of ETG.1000.4.
enum Code : std::int32_t {
  kAlControl = 0x0120,  // sub: state asked for
  kEeprom = 0x0502,     // sub: 1 read, 2 write, 4 reload
  kEepromAccess = 0x0500,
  kStationAddress = 0x0010,
  kLinkControl = 0x0100,
  kReset = 0x0040,
  kMailboxCoe = 0x10003,  // sub: SDO service
  kMailboxFoe = 0x10004,  // sub: operation
  kMailboxOther = 0x10000,
  kWorkingCounter = 0x20000,
};

// True when the write is worth a transaction: then operation, code, technique and details are set.
bool DecodeRegisterWrite(const Datagram& datagram, Transaction& out);

}  // namespace tapiary::capture::ethercat
