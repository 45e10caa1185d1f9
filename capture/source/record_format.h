// What the pcap and the pcapng parser have in common: one step over a window of bytes.
//
// A parser is given the unread bytes and says what the first record is, or how many bytes it needs
// to tell. It keeps no packet bytes, allocates nothing per packet, and never reads outside the
// window.
#pragma once

#include <cstddef>
#include <cstdint>

#include "capture/packet.h"

namespace tapiary::capture {

struct ParseStep {
  enum class Kind : std::uint8_t {
    kPacket,     // a packet; its bytes are a view of the window
    kNothing,    // something else: skip it
    kBadRecord,  // a well-formed record that nothing explains (unknown interface): count and skip
    kNeedMore,   // `size` bytes are needed in all
    kFault,      // the structure is broken here; fault() says how. Asking again gives it again
  };
  Kind kind = Kind::kFault;
  std::uint64_t size = 0;  // bytes to take; may pass the window's end for kNothing
};

// LinkType by its number in files, kUndecoded for those that Tapiary only stores.
LinkType LinkTypeFromNumber(std::uint32_t number);

// Direction from the packet types of <linux/if_packet.h>, as the kernel, SLL and modified pcap use
// them: 0-3 arrived here, 4 was sent by this host.
inline Direction DirectionFromPacketType(unsigned type) {
  return type == 4 ? Direction::kOutbound : Direction::kInbound;
}

}  // namespace tapiary::capture
