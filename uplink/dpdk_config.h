// The sensor's settings for DPDK: the rows `dpdk.*`, and what can be wrong with them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/config.h"
#include "capture/source/dpdk_args.h"

namespace tapiary::uplink {

struct DpdkConfig {
  std::vector<std::string> ports;
  std::string hugepages = "auto";
  std::int64_t memory_bytes = 0;
  std::int64_t queues = 1;
  std::int64_t ring_size = 4096;
  std::int64_t mbufs = 0;
  std::string cores;
  std::string file_prefix;
  bool force = false;
  bool fallback = true;

  // What is DPDK's alone; filter, snap length and the like are the sensor's.
  [[nodiscard]] capture::DpdkOptions Options() const;
};

void AddDpdkRows(base::ConfigTable& table, DpdkConfig& config);

// What is wrong whatever the host is like: kInvalid. What only this host lacks today (hugepages,
// memory, a driver) is no fault of the settings: it fails the ports when they are opened, and the
// kernel's interfaces are captured all the same (DP-04).
base::Result<> CheckDpdk(const DpdkConfig& config, const std::vector<std::string>& interfaces);

// For --check-config: DPDK's arguments on this host and what bars which port. The error that bars
// all of them. Asks the host and changes nothing.
base::Result<std::string> DescribeDpdk(const capture::DpdkOptions& options);

}  // namespace tapiary::uplink
