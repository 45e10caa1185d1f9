// DNP3 file transfer: the objects of group 70, one at a time.
//
// Source: IEEE 1815-2012, clause 11.9 and annex A.30. Names are bytes of the peer's choice. Pure;
// any thread.
#pragma once

#include "capture/ot/dnp3/headers.h"
#include "capture/records.h"

namespace tapiary::capture::dnp3 {

inline constexpr std::uint8_t kFileGroup = 70;

// Adds details "file_name", "file_size", "file_mode", "file_handle", "file_block", "file_status",
// "file_user"; those of a response have "response_" in front.
void DecodeFile(const ObjectHeader& header, bool response, Transaction& out);

}  // namespace tapiary::capture::dnp3
