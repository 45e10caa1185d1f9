// IEEE C37.118.2 framing: where a frame ends.
//
// Sync AA and type/version, size 2, id 2, seconds 4, fraction 4, content, CRC 2; BE. After a loss
// the next sync with a right checksum is looked for at any byte. Source: IEEE C37.118.2-2011,
// clause 6.2. Pure; any thread.
#pragma once

#include <cstdint>

#include "capture/ot/framer.h"

namespace tapiary::capture::synchrophasor {

inline constexpr std::size_t kHeaderSize = 14;
inline constexpr std::size_t kMinFrame = 16;

enum FrameType : std::uint8_t {
  kData = 0,
  kHeaderText = 1,
  kConfig1 = 2,
  kConfig2 = 3,
  kCommand = 4,
  kConfig3 = 5,
};

struct Frame {
  std::uint8_t type = 0;
  std::uint8_t version = 0;
  std::uint16_t size = 0;
  std::uint16_t id = 0;
  std::uint32_t seconds = 0;
  std::uint32_t fraction = 0;  // time quality in the high octet
};

PduFront ReadFrame(base::Bytes bytes, Frame& frame);
// CRC-CCITT, start ffff, over all but the last two bytes.
bool CrcFits(base::Bytes frame);

extern const Framing kFraming;

}  // namespace tapiary::capture::synchrophasor
