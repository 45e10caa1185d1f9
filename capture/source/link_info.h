// LinkWatch: what the kernel says of a network interface, asked by name over rtnetlink.
//
// One request tells index, flags, hardware type and counters, so that they belong together. The
// socket stays in the network namespace in which it was opened. One thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/file.h"
#include "base/result.h"

namespace tapiary::capture {

struct LinkInfo {
  int index = 0;
  unsigned hardware_type = 0;  // ARPHRD_*
  bool up = false;             // set up and with a carrier
  bool loopback = false;
  std::uint32_t mtu = 0;
  std::uint64_t rx_packets = 0;  // by the kernel's count
  std::uint64_t rx_missed = 0;   // dropped by the NIC: no buffer, FIFO overrun
};

// Finds a capture that does no work: the interface receives, and the socket sees nothing (CAP-07).
class SilenceCheck {
 public:
  static constexpr std::int64_t kLimitNs = 60 * base::kNanosPerSecond;
  // NICs count a few frames that never leave them.
  static constexpr std::uint64_t kLeastPackets = 16;
  // With the totals of interface and socket, and the steady clock: true while it is silent.
  bool Note(std::uint64_t rx_packets, std::uint64_t seen, std::int64_t now_ns);

 private:
  bool begun_ = false;
  std::uint64_t rx_packets_ = 0;  // when the socket last saw something
  std::uint64_t seen_ = 0;
  std::int64_t since_ns_ = 0;
};

class LinkWatch {
 public:
  base::Result<> Open();
  // kNotFound when there is no interface of that name, kInvalid for an impossible name.
  base::Result<LinkInfo> Get(const std::string& name);

 private:
  base::UniqueFd fd_;
  std::uint32_t sequence_ = 0;
};

}  // namespace tapiary::capture
