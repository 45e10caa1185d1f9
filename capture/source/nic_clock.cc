#include "capture/source/nic_clock.h"

#include <linux/if_packet.h>
#include <linux/net_tstamp.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"
#include "base/log.h"

namespace tapiary::capture {
namespace {

// Any socket will do for an ioctl on an interface.
base::Result<> Configure(unsigned long request, const std::string& interface,
                         hwtstamp_config& config) {
  const base::UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!fd.valid()) return base::Error::FromErrno(errno, "socket(AF_INET)");
  ifreq argument{};
  const std::size_t size = std::min(interface.size(), sizeof argument.ifr_name - 1);
  std::memcpy(argument.ifr_name, interface.data(), size);
  argument.ifr_data = reinterpret_cast<char*>(&config);
  if (::ioctl(fd.get(), request, &argument) == 0) return {};
  return base::Error::FromErrno(errno,
                                request == SIOCSHWTSTAMP ? "SIOCSHWTSTAMP" : "SIOCGHWTSTAMP");
}

base::Result<> Use(int ring_fd, int source) {
  if (::setsockopt(ring_fd, SOL_PACKET, PACKET_TIMESTAMP, &source, sizeof source) == 0) return {};
  return base::Error::FromErrno(errno, "setsockopt(PACKET_TIMESTAMP)");
}

}  // namespace

bool IsNicTime(std::uint32_t tp_status) {
  return (tp_status & TP_STATUS_TS_RAW_HARDWARE) != 0;
}

bool NicClockCheck::Good(std::int64_t nic_ns, std::int64_t not_before_ns,
                         std::int64_t not_after_ns) {
  if (bad_) return false;
  // Either bound may be far from the frame's true time, but on its own side only.
  const bool early = not_before_ns - nic_ns > kMaxOffNs;
  const bool late = nic_ns - not_after_ns > kMaxOffNs;
  if (!early && !late) return true;
  bad_ = true;
  offset_ns_ = early ? nic_ns - not_before_ns : nic_ns - not_after_ns;
  return false;
}

NicClock::~NicClock() {
  if (interface_.empty()) return;
  hwtstamp_config before{before_flags_, before_tx_, before_rx_};
  const auto done = Configure(SIOCSHWTSTAMP, interface_, before);
  if (!done) {  // it may be gone
    base::LogInfo("interface {}: its timestamps stay as they are: {}", interface_,
                  done.error().message);
  }
}

base::Result<> NicClock::Enable(int ring_fd, const std::string& interface) {
  interface_ = interface;
  auto done = StampAll(ring_fd);
  if (!done) return done;
  enabled_ = true;
  return {};
}

// Leaves in interface_ whether there is something to give back.
base::Result<> NicClock::StampAll(int ring_fd) {
  const std::string interface = std::exchange(interface_, {});
  hwtstamp_config config{};
  TAPIARY_TRY(Configure(SIOCGHWTSTAMP, interface, config));
  const hwtstamp_config before = config;
  if (config.rx_filter != HWTSTAMP_FILTER_ALL) {
    config.rx_filter = HWTSTAMP_FILTER_ALL;
    TAPIARY_TRY(Configure(SIOCSHWTSTAMP, interface, config));
    interface_ = interface;
    before_flags_ = before.flags;
    before_tx_ = before.tx_type;
    before_rx_ = before.rx_filter;
  }
  // A driver may do less than it is asked for, and says so.
  if (config.rx_filter != HWTSTAMP_FILTER_ALL) {
    return base::MakeError(base::ErrorCode::kUnsupported, "the NIC does not stamp every frame");
  }
  return Use(ring_fd, SOF_TIMESTAMPING_RAW_HARDWARE);
}

void NicClock::Disable(int ring_fd) {
  if (!std::exchange(enabled_, false)) return;
  const auto done = Use(ring_fd, 0);
  if (!done) base::LogWarning("{}", done.error().message);
}

}  // namespace tapiary::capture
