// NicClock: timestamps by the NIC for an AF_PACKET ring, asked for and kept honest.
//
// Enable sets the NIC to stamp every frame that it receives (SIOCSHWTSTAMP, needs CAP_NET_ADMIN)
// and the ring to use these stamps (PACKET_TIMESTAMP); the NIC's setting is given back at the end.
// A NIC's clock may be TAI, or anything: stamps are compared with the host's clock, and above a
// second off they are not used any more (CAP-13). One thread, that of the ring. Source: Linux,
// Documentation/networking/timestamping.rst and packet_mmap.rst.
#pragma once

#include <cstdint>
#include <string>

#include "base/clock.h"
#include "base/result.h"

namespace tapiary::capture {

// Whether the status of a frame in a ring says that the NIC has stamped it.
bool IsNicTime(std::uint32_t tp_status);

// The decision alone, without a NIC.
class NicClockCheck {
 public:
  static constexpr std::int64_t kMaxOffNs = base::kNanosPerSecond;
  // A frame that the NIC stamped `nic_ns` came between these two times of the host. False when its
  // clock is not to be believed; then, and from then on, `offset_ns` is how far off it is.
  bool Good(std::int64_t nic_ns, std::int64_t not_before_ns, std::int64_t not_after_ns);
  [[nodiscard]] bool bad() const { return bad_; }
  [[nodiscard]] std::int64_t offset_ns() const { return offset_ns_; }

 private:
  bool bad_ = false;
  std::int64_t offset_ns_ = 0;
};

class NicClock {
 public:
  NicClock() = default;
  ~NicClock();
  NicClock(const NicClock&) = delete;
  NicClock& operator=(const NicClock&) = delete;

  // For the ring of this socket. kUnsupported, or of errno, with what the NIC cannot do; frames are
  // stamped by the host then.
  base::Result<> Enable(int ring_fd, const std::string& interface);
  // The host's stamps again, and the NIC as it was.
  void Disable(int ring_fd);
  [[nodiscard]] bool enabled() const { return enabled_; }

 private:
  base::Result<> StampAll(int ring_fd);

  std::string interface_;  // whose setting is to be given back; empty: none
  int before_flags_ = 0, before_tx_ = 0, before_rx_ = 0;
  bool enabled_ = false;
};

}  // namespace tapiary::capture
