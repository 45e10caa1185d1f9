// Socket: a client's connection with time limits, for the delivery of alerts. One thread.
//
// Everything waits in short steps and looks at `stop` in between, so that a stop of the collector
// waits for no receiver.
#pragma once

#include <atomic>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/file.h"
#include "base/result.h"

namespace tapiary::server {

class Socket {
 public:
  // Steady time after which everything fails with kTimeout. `stop` must outlive it.
  Socket(std::int64_t deadline_ns, const std::atomic<bool>& stop)
      : deadline_ns_(deadline_ns), stop_(stop) {}

  // Connects to the first address that answers. `datagram`: UDP.
  base::Result<> Connect(const std::vector<std::string>& addresses, std::uint16_t port,
                         bool datagram);
  base::Result<> Send(std::string_view bytes);
  // Whole datagram or nothing.
  base::Result<> SendDatagram(std::string_view bytes);
  // At least one byte; 0 at the end.
  base::Result<std::size_t> Receive(std::span<char> into);
  // Waits for POLLIN or POLLOUT. kTimeout, kUnavailable when stopping.
  base::Result<> Wait(short events);
  void set_deadline(std::int64_t deadline_ns) { deadline_ns_ = deadline_ns; }
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  base::Result<> ConnectTo(const std::string& address, std::uint16_t port, bool datagram);

  std::int64_t deadline_ns_;
  const std::atomic<bool>& stop_;
  base::UniqueFd fd_;
};

}  // namespace tapiary::server
