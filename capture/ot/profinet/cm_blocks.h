// The blocks of PROFINET CM requests and responses to details (IEC 61158-6-10 clause 5.2).
//
// Each has type, length and version; numbers are big endian whatever the RPC header says. At most
// kMaxBlocks are looked at. Pure; any thread.
#pragma once

#include <cstdint>

#include "base/byte_cursor.h"
#include "capture/records.h"

namespace tapiary::capture::profinet {

inline constexpr std::size_t kMaxBlocks = 64;

struct CmFacts {
  bool supervisor = false;    // the connection is a supervisor's
  bool complete = true;       // every block ended where it said
  std::uint16_t control = 0;  // the command of a control
};

// `request`: of the one who asks; else its details repeat what the request told already and only
// new ones are added.
CmFacts DecodeCmBlocks(base::Bytes blocks, bool request, Transaction& out);

}  // namespace tapiary::capture::profinet
