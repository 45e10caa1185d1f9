// DpdkDevice: one ethdev port, set up for capture with what it offers, and its counters.
//
// Asks what the device can and takes less where it can less, with a warning that lists it (DP-05).
// Never binds, unbinds, changes an MTU, or leaves an interface promiscuous. Shared by the sources
// of its queues; ReadTotals by the source of queue 0 alone, FreeBuffers by any thread. Part of
// tapiary_dpdk.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/file.h"
#include "base/result.h"
#include "capture/source/dpdk_args.h"
#include "capture/source/dpdk_eal.h"

struct rte_eth_conf;
struct rte_mempool;

namespace tapiary::capture {

struct DpdkTotals {  // since BeginCapture
  std::uint64_t missed = 0;
  std::uint64_t no_buffer = 0;
  std::uint64_t errors = 0;
};

// What the timestamps count that the device puts beside its packets.
enum class DpdkClock { kNone, kUnixMicros, kUnixNanos, kOwn };

class DpdkDevice {
 public:
  // The port must be in `plan`, whose EAL runs. Errors name the failing call.
  static base::Result<std::shared_ptr<DpdkDevice>> Make(std::shared_ptr<DpdkEal> eal,
                                                        const DpdkPort& port, const DpdkPlan& plan,
                                                        const DpdkOptions& options);
  ~DpdkDevice();
  DpdkDevice(const DpdkDevice&) = delete;
  DpdkDevice& operator=(const DpdkDevice&) = delete;

  // Once, after Make: from now on the port receives.
  base::Result<> Start();
  // What came before is left out. Once, whichever queue asks first.
  void BeginCapture();

  [[nodiscard]] const DpdkPort& port() const { return port_; }
  [[nodiscard]] std::uint16_t id() const { return id_; }
  [[nodiscard]] std::uint16_t queues() const { return queues_; }
  [[nodiscard]] std::uint16_t ring_size() const { return ring_size_; }
  [[nodiscard]] const std::string& driver() const { return driver_; }
  [[nodiscard]] DpdkClock clock() const { return clock_; }
  [[nodiscard]] int clock_offset() const { return clock_offset_; }        // in rte_mbuf
  [[nodiscard]] std::uint64_t clock_flag() const { return clock_flag_; }  // in ol_flags
  [[nodiscard]] DpdkTotals ReadTotals() const;
  [[nodiscard]] bool LinkUp() const;
  [[nodiscard]] std::uint64_t FreeBuffers() const;

 private:
  explicit DpdkDevice(const DpdkPort& port) : port_(port) {}

  base::Result<> Configure(const DpdkPlan& plan, const DpdkOptions& options);
  base::Result<> ApplyOrLess(rte_eth_conf& conf, bool sends);
  base::Result<> SetQueues(std::uint16_t ring_size, int socket, std::uint64_t rx_offloads);
  void SetReception(const DpdkOptions& options);
  void FindClock();
  void HoldPromiscuous();
  void Flush();

  std::shared_ptr<DpdkEal> eal_;
  DpdkPort port_;
  std::string driver_;
  std::string refused_;  // features that the device does not have, for the warning
  std::uint16_t id_ = 0;
  bool found_ = false;
  std::uint16_t queues_ = 1;
  std::uint16_t ring_size_ = 0;
  rte_mempool* pool_ = nullptr;
  DpdkClock clock_ = DpdkClock::kNone;
  int clock_offset_ = -1;
  std::uint64_t clock_flag_ = 0;
  base::UniqueFd promiscuous_;  // holds an interface of the kernel promiscuous
  std::mutex begin_mutex_;
  bool begun_ = false;
  bool started_ = false;
  DpdkTotals base_;  // the device's counters at BeginCapture
};

}  // namespace tapiary::capture
