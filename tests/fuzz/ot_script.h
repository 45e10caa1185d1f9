// The input of the ot_SERVICE targets: one exchange, as what the decoder is told step by step.
//
// A byte of flags, then steps: a head (side and kind), a 16 bit size (little endian), and for data
// that many bytes. Written here once for the target and for those who make seeds.
#pragma once

#include <cstdint>
#include <vector>

#include "base/byte_cursor.h"

namespace tapiary::fuzz {

enum OtFlags : std::uint8_t {
  kOtSession = 1,      // recognised from its first bytes, else the decoder at once
  kOtDatagrams = 2,    // where the protocol has both
  kOtOtherPort = 4,    // not on a usual port
  kOtHandshake = 8,    // who serves is known
  kOtServerIsLow = 16  // the server is side 0
};

enum class OtStep : std::uint8_t {
  kData = 0,
  kCutData = 1,       // the end of the segment was not captured
  kSplitData = 2,     // a byte a segment
  kHole = 3,          // `size` bytes never captured
  kUnknownHole = 4,   // joined again somewhere
  kWait = 5,          // `size` times 16 ms
  kAcknowledge = 6,   // of all that the other side sent
  kRepeatedData = 7,  // the segment comes twice
};

inline void AddOtStep(std::vector<std::uint8_t>& script, bool from_client, OtStep step,
                      base::Bytes bytes) {
  const std::size_t size = bytes.size() < 0xffff ? bytes.size() : 0xffff;
  script.push_back(
      static_cast<std::uint8_t>(static_cast<unsigned>(step) << 1 | (from_client ? 0u : 1u)));
  script.push_back(static_cast<std::uint8_t>(size));
  script.push_back(static_cast<std::uint8_t>(size >> 8));
  script.insert(script.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
}

}  // namespace tapiary::fuzz
