// VethPair: two interfaces of the test's own network namespace, frames for them, and a sender.
#pragma once

#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <sched.h>
#include <sys/socket.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "base/file.h"

namespace tapiary::capture::test {

using FrameBytes = std::vector<std::uint8_t>;

inline bool Shell(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

// A UDP datagram 10.0.1.0 -> 10.0.2.0, with these VLAN tags (TPID, TCI).
inline FrameBytes UdpFrame(const std::vector<std::pair<std::uint16_t, std::uint16_t>>& tags = {},
                           std::size_t size = 60, std::uint16_t dst_port = 502) {
  FrameBytes out = {2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1};
  const auto put = [&out](unsigned value) {
    out.push_back(static_cast<std::uint8_t>(value >> 8));
    out.push_back(static_cast<std::uint8_t>(value));
  };
  for (const auto& [tpid, tci] : tags) {
    put(tpid);
    put(tci);
  }
  for (const unsigned word : {0x0800u, 0x4500u, 46u, 1u, 0u, 0x4011u, 0u, 0x0a00u, 0x100u, 0x0a00u,
                              0x200u, 4000u, unsigned{dst_port}, 26u, 0u}) {
    put(word);
  }
  while (out.size() < size) out.push_back(static_cast<std::uint8_t>(out.size()));
  return out;
}

class VethPair {
 public:
  static constexpr const char* kCapture = "shcap0";
  static constexpr const char* kPeer = "shgen0";

  static bool Link(int mtu) {
    const std::string up = " mtu " + std::to_string(mtu) + " up";
    return Shell(std::string("ip link add ") + kCapture + " type veth peer name " + kPeer +
                 " && ip link set " + kPeer + up + " && ip link set " + kCapture + up);
  }
  // Empty when it is there; else why it cannot be.
  std::string Make(int mtu = 1500) {
    if (::unshare(CLONE_NEWNET) != 0) return "unshare(CLONE_NEWNET): not permitted";
    for (const char* scope : {"all", "default"}) {  // no neighbour discovery among our frames
      std::ofstream(std::string("/proc/sys/net/ipv6/conf/") + scope + "/disable_ipv6") << "1\n";
    }
    if (!Link(mtu)) return "veth pairs cannot be made here";
    sender_ = base::UniqueFd(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    return {};
  }
  [[nodiscard]] bool Send(const FrameBytes& frame, const char* from = kPeer) const {
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(::if_nametoindex(from));
    return ::sendto(sender_.get(), frame.data(), frame.size(), 0,
                    reinterpret_cast<const sockaddr*>(&to),
                    sizeof to) == static_cast<ssize_t>(frame.size());
  }

 private:
  base::UniqueFd sender_;
};

}  // namespace tapiary::capture::test
