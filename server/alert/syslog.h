// Syslog delivery: RFC 5424 messages over UDP (RFC 5426), TCP with octet counting (RFC 6587) and
// TLS (RFC 5425).
//
// Syslog has no answer. Over TCP and TLS each batch has a connection of its own, which is closed in
// order: the receiver's own close says that it has read everything; a reset or a lost connection
// says that it may not have, and the batch is sent again. Over UDP nobody can know. Blocking, with
// time limits; any thread.
#pragma once

#include <atomic>
#include <optional>
#include <string>
#include <vector>

#include "server/alert/link.h"
#include "server/alert/resolve.h"
#include "server/alert/target.h"
#include "server/alert/webhook.h"

namespace tapiary::server {

// Nothing when all messages were given to the receiver.
std::optional<SendFailure> SendSyslog(const AlertTarget& target, const AddressResolver& resolve,
                                      const LinkLimits& limits,
                                      const std::vector<std::string>& messages,
                                      const std::atomic<bool>& stop);

}  // namespace tapiary::server
