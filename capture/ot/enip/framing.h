// EtherNet/IP encapsulation: the 24-byte header, and where a message ends.
//
// Header (LE): command 2, length 2 (of what follows), session 4, status 4, sender context 8,
// options 4 (0). Commands nobody knows are framed as well when the rest of the header is in order:
// a device answers them, so they are events. Source: CIP Networks Library volume 2 (EtherNet/IP),
// section 2-3. Pure; any thread.
#pragma once

#include <cstdint>

#include "capture/ot/framer.h"

namespace tapiary::capture::enip {

inline constexpr std::size_t kHeaderSize = 24;
inline constexpr std::size_t kMaxLength = 65511;
inline constexpr std::size_t kMaxKept = 8192;  // largest CIP connections have about 4000 bytes

struct Header {
  std::uint16_t command = 0;
  std::uint16_t length = 0;
  std::uint32_t session = 0;
  std::uint32_t status = 0;
  std::uint64_t context = 0;
  std::uint32_t options = 0;
};

// kPdu: a possible header; the message may be incomplete.
PduFront ReadHeader(base::Bytes bytes, Header& header);
// As ReadHeader, for bytes of which nothing is known: the command is a known one with a reason to
// be there, its length and its items are possible as far as they are there.
bool LooksLikeMessage(base::Bytes bytes);
// What follows the header, as far as it is there.
base::Bytes BodyOf(base::Bytes pdu, const Header& header);

extern const Framing kFraming;

}  // namespace tapiary::capture::enip
