// Writing pcapng (draft-ietf-opsawg-pcapng): section header, interface description with nanosecond
// resolution, name resolution, enhanced packet block, interface statistics. Little-endian. Pure
// appends to a buffer; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "capture/packet.h"
#include "capture/records.h"
#include "capture/source/packet_source.h"

namespace tapiary::capture {

struct SectionText {
  std::string application;  // shb_userappl
  std::string comment;      // opt_comment, may be empty
};
void AppendSectionHeader(const SectionText& text, std::vector<std::uint8_t>& out);
void AppendInterface(const InterfaceInfo& interface, std::vector<std::uint8_t>& out);
struct HostName {
  IpAddress address;
  std::string name;
};
// One name resolution block with all of them; nothing when there are none.
void AppendNames(std::span<const HostName> names, std::vector<std::uint8_t>& out);
// What an interface saw up to a time, as in an interface statistics block. All are totals.
struct InterfaceCounts {
  std::int64_t time_ns = 0;
  std::uint64_t received = 0;  // whatever became of them
  std::uint64_t accepted = 0;  // by the filter
  std::uint64_t lost = 0;
  std::uint64_t delivered = 0;  // recorded
  std::string comment;
};
void AppendStatistics(const InterfaceCounts& counts, std::uint32_t interface,
                      std::vector<std::uint8_t>& out);
// Exact bytes that a packet takes. Not inline, nor WritePacket: whoever appends the usual packet
// (packet_block.h) would save registers for the others.
[[gnu::noinline]] std::size_t PacketBlockSize(const Packet& packet);
// Writes a packet's block to `out`, which has PacketBlockSize(packet) = `size` bytes. Puts a
// taken-out VLAN tag back. `interface` is the section's interface id. A time that pcapng cannot
// hold (unknown, before 1970) is written as 0 with a comment that PcapngFormat reads back.
[[gnu::noinline]] void WritePacket(const Packet& packet, std::uint32_t interface, std::size_t size,
                                   std::uint8_t* out);
void AppendPacket(const Packet& packet, std::uint32_t interface, std::vector<std::uint8_t>& out);

}  // namespace tapiary::capture
