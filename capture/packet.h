// Packet and PacketBatch: what a source hands to the packet path.
//
// A Packet is a view: its bytes belong to the source and are valid until the batch is released
// (the next call of Next, or Close). Sixty-four packets a batch keep the flow look-ups of one batch
// in cache. Plain data, one owner, no thread rule of its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/byte_cursor.h"

namespace tapiary::capture {

// Link types by their number in pcap files (tcpdump.org/linktypes.html).
enum class LinkType : std::uint16_t {
  kNull = 0,
  kEthernet = 1,
  kPpp = 9,
  kPppHdlc = 50,
  kPppoe = 51,
  kRaw = 101,
  kCiscoHdlc = 104,
  kLoop = 108,
  kLinuxSll = 113,
  kErf = 197,
  kIpv4 = 228,
  kIpv6 = 229,
  kNflog = 239,
  kLinuxSll2 = 276,
  kUndecoded = 0xffff,  // a link type that we store but do not decode
};

// As in pcapng epb_flags, bits 0-1.
enum class Direction : std::uint8_t { kUnknown = 0, kInbound = 1, kOutbound = 2 };

// Times of packets whose file gives none (pcapng simple packet block).
inline constexpr std::int64_t kTimeUnknown = INT64_MIN;

struct Packet {
  base::Bytes bytes;              // captured bytes from the link header on
  std::int64_t time_ns = 0;       // UTC, or kTimeUnknown
  std::uint32_t wire_length = 0;  // length on the wire, >= bytes.size() unless the file lies
  std::uint32_t interface = 0;    // index into PacketSource::interfaces()
  // The outer VLAN tag that kernel or NIC took out of the frame, if has_vlan. The block builder
  // puts it back (stored and wire length grow by 4); decode treats it as the outermost tag.
  std::uint16_t vlan_tpid = 0;
  std::uint16_t vlan_tci = 0;
  bool has_vlan = false;
  Direction direction = Direction::kUnknown;
};

// No source hands out more captured bytes of one packet; a file record that claims more is corrupt.
inline constexpr std::size_t kMaxPacketBytes = 256 * 1024;

inline constexpr std::size_t kBatchSize = 64;

struct PacketBatch {
  std::array<Packet, kBatchSize> packets;
  std::uint32_t count = 0;
};

}  // namespace tapiary::capture
