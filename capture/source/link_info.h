// LinkWatch: what the kernel says of a network interface, asked by name over rtnetlink.
//
// One request tells index, flags, hardware type and counters, so that they belong together. The
// socket stays in the network namespace in which it was opened. One thread.
#pragma once

#include <cstdint>
#include <string>

#include "base/file.h"
#include "base/result.h"

namespace tapiary::capture {

struct LinkInfo {
  int index = 0;
  unsigned hardware_type = 0;  // ARPHRD_*
  bool up = false;             // set up and with a carrier
  bool loopback = false;
  std::uint64_t rx_packets = 0;  // by the kernel's count
  std::uint64_t rx_missed = 0;   // dropped by the NIC: no buffer, FIFO overrun
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
