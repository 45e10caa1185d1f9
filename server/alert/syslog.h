// Syslog delivery: RFC 5424 messages over UDP (RFC 5426), TCP with octet counting (RFC 6587) and
// TLS (RFC 5425).
//
// Syslog has no answer. Over TCP and TLS each batch has a connection of its own, which is closed in
// order: the receiver's own close says that it has read everything; a reset or a lost connection
// says that it may not have, and the batch is sent again. Over UDP nobody can know. Blocking, with
// time limits; any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "server/alert/resolve.h"
#include "server/alert/target.h"
#include "server/alert/webhook.h"

namespace tapiary::server {

struct SyslogLimits {
  std::int64_t resolve_ns = 5 * base::kNanosPerSecond;
  std::int64_t total_ns = 10 * base::kNanosPerSecond;
  std::int64_t close_ns = 2 * base::kNanosPerSecond;  // a receiver that keeps it open has read it
};

// Nothing when all messages were given to the receiver.
std::optional<SendFailure> SendSyslog(const AlertTarget& target, const AddressResolver& resolve,
                                      const SyslogLimits& limits,
                                      const std::vector<std::string>& messages,
                                      const std::atomic<bool>& stop);

}  // namespace tapiary::server
