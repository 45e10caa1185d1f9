// FanoutGroup: one interface shared by several rings, each packet to one of them.
//
// The kernel picks the ring with a program of ours (PACKET_FANOUT_CBPF, packet(7)): by the pair of
// IP addresses, whatever their order, behind up to three VLAN tags, else by the pair of MAC
// addresses. So both directions of a flow and all fragments of a datagram meet in one worker, and
// the flows of two hosts too: what one worker alone would find is found (CAP-10). The kernel's own
// hash knows ports, which later fragments lack; its defragmentation would change what is recorded.
//
// Members of one group share the object; any thread may call Join.
#pragma once

#include <cstdint>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "capture/source/bpf.h"

namespace tapiary::capture {

inline constexpr std::uint32_t kMaxFanout = 64;

// Gives 0 to count - 1 for a packet as the kernel shows it to a fanout program. count >= 1.
std::vector<BpfInstruction> FanoutProgram(std::uint32_t count);

class FanoutGroup {
 public:
  explicit FanoutGroup(std::uint32_t count) : program_(FanoutProgram(count)) {}
  // Makes the socket, which is bound to interface `index`, a member. A socket that has joined
  // cannot be bound anew.
  base::Result<> Join(int fd, int index);

 private:
  std::mutex mutex_;
  const std::vector<BpfInstruction> program_;
  int index_ = 0;  // the interface that id_ belongs to; 0: none yet
  int id_ = 0;
};

}  // namespace tapiary::capture
