// The names of DPDK ports, and what a person may set about them. Knows nothing of DPDK itself.
//
// The usual ports are named without DPDK's own syntax:
//   0000:03:00.0        a NIC by its PCI address, bound to vfio-pci (or a bifurcated driver)
//   af_packet:eth1      an interface of the kernel (net_af_packet)
//   af_xdp:eth1         the same through AF_XDP (net_af_xdp)
//   pcap_iface:eth1     the same through libpcap (net_pcap); knows its loss and all VLAN tags
//   pcap:/path/to.pcap  a file (net_pcap), once; pcap_loop:/path/to.pcap again and again
//   vhost:/path/socket  a virtual machine's port (net_vhost)
//   vdev:NAME,ARGS      any other virtual device, in DPDK's words
// Pure functions; any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tapiary::capture {

class LiveFilter;  // live_filter.h

enum class DpdkHugepages { kAuto, kOn, kOff };

struct DpdkOptions {
  std::vector<std::string> ports{};
  std::string filter{};  // BPF in tcpdump's syntax, as for every source (CAP-05)
  std::shared_ptr<const LiveFilter> live_filter{};  // takes the filter's place when it is set
  std::uint32_t snap_length = 262'144;
  bool promiscuous = true;
  DpdkHugepages hugepages = DpdkHugepages::kAuto;
  std::int64_t memory_bytes = 0;   // 0: what the buffers need
  std::uint32_t queues = 1;        // of each port, at most; one worker each
  std::uint32_t ring_size = 4096;  // descriptors of a queue
  std::uint32_t mbufs = 0;         // buffers of a port; 0: queues x ring_size x 2 + cache
  std::string cores{};             // CPUs of the workers in turn, "2-5,8"; empty: any
  std::string file_prefix{};       // empty: tapiary-PID, so that instances never meet (DP-04)
  bool force = false;              // take a port that the host itself lives on (DP-03)
  // Told of an interface of the kernel behind a port that DPDK cannot use: true when it is captured
  // in another way from now on (DP-01). Null: never.
  std::function<bool(const std::string& interface)> fall_back{};
  std::vector<std::string> uplink_addresses{};  // a port towards one of them is refused
};

struct DpdkPort {
  std::string name;       // as it was given; the interface's name in ledger and files
  std::string device;     // DPDK's name: "0000:03:00.0", "net_af_packet0"
  std::string arguments;  // of a virtual device: "iface=eth1"
  std::string interface;  // the kernel's interface behind it; empty: none
  bool pci = false;
  std::uint32_t frame_bytes = 0;  // of a frame in its ring, where we decide that; 0: not ours

  // What follows -a or --vdev.
  [[nodiscard]] std::string Argument() const;
};

// kInvalid with what is possible. `number` makes names of virtual devices unique. `mtu` is that of
// an interface (0: not known), for the size of frames.
base::Result<DpdkPort> ParseDpdkPort(std::string_view text, std::size_t number, std::uint32_t mtu);
// All of them; kInvalid too for a device or an interface named twice. Asks the kernel for MTUs
// below `root` ("" is this host).
base::Result<std::vector<DpdkPort>> ParseDpdkPorts(const std::vector<std::string>& names,
                                                   const std::string& root);

// "2-5,8" as numbers, in order. kInvalid for anything else; empty text is an empty list.
base::Result<std::vector<unsigned>> ParseCpuList(std::string_view text);

}  // namespace tapiary::capture
