// A mailbox message in a slave's memory: CoE (SDO), FoE and the others (ETG.1000.6).
//
// Header: length 2, address 2, channel 1, type and counter 1. Nothing says where a slave's mailbox
// lies, so a message must fit its own length and have a known type and service to be taken for
// one. Pure; any thread.
#pragma once

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::ethercat {

// True when `data` is a mailbox message worth a transaction; `master`: written by the master.
bool DecodeMailbox(base::Bytes data, bool master, Transaction& out);

}  // namespace tapiary::capture::ethercat
