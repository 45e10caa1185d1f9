// hpfeeds delivery: alerts as JSON on a channel of a broker, as honeypots share what they see.
//
// The protocol (the hpfeeds project's wire format, also in Wireshark): messages of a length of four
// bytes, an operation and what belongs to it; the broker greets with a nonce, the client proves its
// key by SHA-1 of nonce and key. Publishing has no answer, but a broker that refuses ident, key or
// channel sends an error or closes at once. So a batch has a connection of its own, which stays
// open for a second and is then closed in order; whatever else happens means again. Blocking, with
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

// Nothing when the broker took all payloads without an error.
std::optional<SendFailure> PublishHpfeeds(const AlertTarget& target, const AddressResolver& resolve,
                                          const LinkLimits& limits,
                                          const std::vector<std::string>& payloads,
                                          const std::atomic<bool>& stop);

}  // namespace tapiary::server
