// Link: a stream to a receiver of alerts, over TCP or over TLS with the receiver's certificate
// checked for its name (1.2 or newer). Blocking, with its socket's time limits; one thread.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "server/alert/resolve.h"
#include "server/alert/socket.h"
#include "server/alert/target.h"

namespace tapiary::server {

struct LinkLimits {
  std::int64_t resolve_ns = 5 * base::kNanosPerSecond;
  std::int64_t total_ns = 10 * base::kNanosPerSecond;
  std::int64_t close_ns = 2 * base::kNanosPerSecond;  // a receiver that keeps it open has read it
};

// A socket to the target, its name looked up; UDP where its kind says so. `stop` must outlive it.
base::Result<Socket> ConnectTo(const AlertTarget& target, const AddressResolver& resolve,
                               const LinkLimits& limits, const std::atomic<bool>& stop);

class Link {
 public:
  // Over a connected socket, which must outlive it. TLS where the target's kind says so.
  static base::Result<std::unique_ptr<Link>> Make(const AlertTarget& target, Socket& socket);
  virtual ~Link() = default;

  virtual base::Result<> Send(std::string_view bytes) = 0;
  // At least one byte; 0 at the end, which came in order.
  virtual base::Result<std::size_t> Receive(std::span<char> into) = 0;
  // Nothing more comes.
  virtual base::Result<> EndSending() = 0;
};

}  // namespace tapiary::server
