// Walk: the state of one packet on its way through the headers, inside decode/ only.
//
// Decode is a loop: each step reads one header and names the next layer, so a tunnel is one more
// step that names kEthernet, kEtherType or kIp again. The loop has a hard limit; steps never
// recurse. An inner header overwrites the key of an outer one only when it parsed. Hot path. One
// packet, one thread.
#pragma once

#include <cstdint>

#include "base/byte_cursor.h"
#include "capture/decode/decode.h"

namespace tapiary::capture::decode {

enum class Layer : std::uint8_t {
  kDone,
  kEthernet,
  kEtherType,  // Walk::ether_type says what follows
  kSll,
  kSll2,
  kNull,   // BSD loopback, family in the byte order of whoever captured
  kRawIp,  // version nibble decides
  kIpv4,
  kIpv6,
  kTransport,  // Decoded::proto says what follows
};

inline constexpr int kMaxLayers = 16;
inline constexpr int kMaxIpv6Extensions = 8;  // FL-06

struct Walk {
  base::ByteCursor cursor;
  Decoded& out;
  std::uint32_t wire_left = 0;  // bytes on the wire from the cursor's start of the frame
  std::uint16_t ether_type = 0;
  bool checksum_possible = true;  // false when the pseudo header is not the plain one
};

// The less telling note never hides the more telling one.
inline void Note(Decoded& out, DecodeNote note) {
  if (out.note == DecodeNote::kNone || out.note == DecodeNote::kLengthMismatch) out.note = note;
}
inline void NoteLengths(Decoded& out) {
  if (out.note == DecodeNote::kNone) out.note = DecodeNote::kLengthMismatch;
}

// decode_link.cc
Layer StepEthernet(Walk& walk);
Layer StepEtherType(Walk& walk);
Layer StepSll(Walk& walk);
Layer StepSll2(Walk& walk);
Layer StepNull(Walk& walk);
Layer StepRawIp(Walk& walk);
void PushVlan(Decoded& out, std::uint16_t tci);

// decode_ip.cc. Both leave Decoded::payload at the captured IP payload and payload_length at its
// length by the header.
Layer StepIpv4(Walk& walk);
Layer StepIpv6(Walk& walk);

// decode_transport.cc. Moves payload and payload_length behind the transport header.
Layer StepTransport(Walk& walk);

}  // namespace tapiary::capture::decode
