// IEC 60870-5-104 framing: where an APDU ends.
//
// 68, length 1 (4-253), control 4: I frames (bit 0 of the first control octet is 0) carry an ASDU,
// S frames (01) acknowledge, U frames (low bits 11) start, stop and test. Several APDUs a segment
// and APDUs over segments are the rule (OT-10). After a loss the next start octet with a control
// field and, in I frames, an ASDU that add up is taken. Source: IEC 60870-5-104:2006, clause 5.
// Pure; any thread.
#pragma once

#include <cstdint>

#include "capture/ot/framer.h"

namespace tapiary::capture::iec104 {

inline constexpr std::size_t kHeaderSize = 6;

enum class Format : std::uint8_t { kI, kS, kU };

struct Apci {
  Format format = Format::kI;
  std::uint8_t control = 0;   // first control octet
  std::uint16_t send = 0;     // N(S) of I frames
  std::uint16_t receive = 0;  // N(R) of I and S frames
};

PduFront ReadApci(base::Bytes bytes, Apci& apci);
// One APDU and nothing else that looks wrong; what is not there yet counts as right.
bool LooksLikeApdu(base::Bytes bytes);

extern const Framing kFraming;

}  // namespace tapiary::capture::iec104
