// The header before GOOSE, GSE management and sampled value APDUs: APPID, length, two reserved
// words.
//
// IEC 61850-8-1 annex C and IEC 61850-9-2 clause 5.3.3. The length counts from the APPID on; what
// lies behind it is padding. Pure; any thread.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/byte_cursor.h"

namespace tapiary::capture::layer2 {

inline constexpr std::size_t kAppHeaderBytes = 8;

struct AppFrame {
  std::uint16_t appid = 0;
  bool simulated = false;  // the S bit of the first reserved word
  base::Bytes apdu;
  bool cut = false;        // not all of it was captured
  bool too_short = false;  // not cut, and the frame ends before its own length
};

// False when there is no header, or a length that cannot be.
inline bool ReadAppFrame(base::Bytes frame, bool cut, AppFrame& out) {
  base::ByteCursor cursor(frame);
  out = AppFrame{};
  out.appid = cursor.U16Be();
  const std::size_t length = cursor.U16Be();
  out.simulated = (cursor.U16Be() & 0x8000) != 0;
  cursor.Skip(2);
  if (cursor.failed() || length < kAppHeaderBytes) return false;
  const std::size_t size = length - kAppHeaderBytes;
  const bool missing = size > cursor.remaining();
  out.cut = missing && cut;
  out.too_short = missing && !cut;
  out.apdu = cursor.Take(std::min(size, cursor.remaining()));
  return true;
}

}  // namespace tapiary::capture::layer2
