// PacketFilter: a capture filter in tcpdump's syntax, with one meaning for every source (CAP-05).
//
// The rule for VLAN tags: a filter that does not name `vlan` sees each frame as though it had no
// tags, so "port 502" finds untagged, tagged and double-tagged frames, and "not port 502" none of
// them. A filter that names `vlan` sees the frame as it was on the wire, with the taken-out tag put
// back. (So `ether proto 0x8100` finds nothing: say `vlan`.)
//
// KernelProgram gives the kernel the same filter, so that the bytes of unwanted packets are never
// copied. It does not drop them: a packet that it rejects comes with kRejectedBytes captured bytes,
// so that rejections are counted exactly. bpf.cc is the only file that includes pcap.h. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/packet.h"

namespace tapiary::capture {

struct BpfInstruction {  // struct bpf_insn and struct sock_filter alike
  std::uint16_t code = 0;
  std::uint8_t jump_true = 0;
  std::uint8_t jump_false = 0;
  std::uint32_t k = 0;
};

inline constexpr std::uint32_t kRejectedBytes = 1;

class PacketFilter {
 public:
  // Takes all packets.
  PacketFilter() = default;
  // kInvalid when the expression does not compile for the link type (its pcap number); the message
  // says up to where it is understood. An empty expression takes all packets. Names of hosts are
  // looked up in /etc/hosts alone: no name server is asked.
  static base::Result<PacketFilter> Compile(const std::string& expression,
                                            std::uint16_t link_type_number);

  [[nodiscard]] bool Matches(const Packet& packet);
  // False when the kernel's verdict by KernelProgram is final for this packet.
  [[nodiscard]] bool NeedsRecheck(const Packet& packet) const;
  // For SO_ATTACH_FILTER: captures `snap_length` bytes of what it takes.
  [[nodiscard]] std::vector<BpfInstruction> KernelProgram(std::uint32_t snap_length) const;

 private:
  [[nodiscard]] bool Run(base::Bytes bytes, std::uint32_t wire_length) const;

  std::vector<BpfInstruction> program_;  // empty: takes all
  bool names_vlan_ = false;
  std::size_t type_offset_ = 0;  // of the EtherType that a tag precedes; 0: no tags on this link
  std::vector<std::uint8_t> scratch_;  // a frame with its tags taken out or put back
};

// Whether the EtherType announces a VLAN tag (802.1Q, 802.1ad, and the older 0x9100-0x9300).
constexpr bool IsVlanType(std::uint16_t type) {
  return type == 0x8100 || type == 0x88a8 || type == 0x9100 || type == 0x9200 || type == 0x9300;
}

}  // namespace tapiary::capture
