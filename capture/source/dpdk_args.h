// DpdkPlan: from a person's settings to the arguments of DPDK's environment (EAL), and the sizes of
// its buffers. Contradictions are refused here, before DPDK starts (DP-01), as is memory that is
// not there (DP-02) and a port that the host needs itself (DP-03).
//
// Plan is pure; ReadDpdkFacts asks the host. Knows nothing of DPDK's headers, so it is in builds
// without DPDK too. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "capture/source/dpdk_ports.h"
#include "capture/source/host_links.h"

namespace tapiary::capture {

// What a plan depends on beside the settings.
struct DpdkFacts {
  std::string cpus;                   // that this process may use, "0-3"
  std::uint64_t free_huge_bytes = 0;  // in free hugepages of all sizes
  std::uint64_t available_bytes = 0;  // of memory; 0: not known
  long pid = 0;
};
DpdkFacts ReadDpdkFacts(const std::string& root);

struct DpdkPlan {
  std::vector<DpdkPort> ports;
  std::vector<std::string> refusals;   // one a port; empty: good. A refused port has no argument
  std::vector<std::string> arguments;  // for rte_eal_init, the program's name first
  std::vector<unsigned> cores;         // of the workers in turn; empty: any
  std::uint32_t mbufs = 0;             // of each port
  std::uint64_t memory_bytes = 0;      // that DPDK is given
  bool hugepages = false;
  std::string file_prefix;

  // The arguments as one would type them.
  [[nodiscard]] std::string CommandLine() const;
};

// Room in a buffer for the bytes of a frame. Longer frames take several buffers, where the driver
// can do that; a port that decides its own frames' size gets buffers of that size.
std::uint32_t DpdkDataRoom(const DpdkPort& port);
// Buffers of one port: what all rings hold, twice, so that neither a batch in hand nor a core's
// cache empties them.
inline constexpr std::uint32_t kDpdkCache = 256;
std::uint32_t DpdkBuffers(std::uint32_t queues, std::uint32_t ring_size);

// kInvalid, naming the settings to change, for what concerns all ports. What bars one port is in
// `refusals`, so that it never bars the others.
base::Result<DpdkPlan> PlanDpdk(const DpdkOptions& options, std::vector<DpdkPort> ports,
                                const DpdkFacts& facts, const HostLinks& links);
// All steps, for this host or a test's tree.
base::Result<DpdkPlan> PlanDpdk(const DpdkOptions& options, const std::string& root = "");

}  // namespace tapiary::capture
