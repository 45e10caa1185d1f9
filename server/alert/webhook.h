// Webhook: one HTTPS POST to an address that was checked (CO-10).
//
// The name is resolved once; every address it has must be allowed, and the connection goes to one
// of these and nowhere else, so that a name server that answers differently the next time (DNS
// rebinding) changes nothing. No redirect is followed, no proxy used; answer and time are limited.
// libcurl, hidden. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "server/alert/address_guard.h"
#include "server/alert/resolve.h"
#include "server/alert/target.h"

namespace tapiary::server {

struct WebhookLimits {
  std::int64_t resolve_ns = 5 * base::kNanosPerSecond;
  std::int64_t total_ns = 10 * base::kNanosPerSecond;
  std::size_t answer_bytes = 16 * 1024;
};

struct SendFailure {
  std::string reason;                          // escaped; no URL, no secret
  std::optional<std::int64_t> retry_after_ns;  // what the receiver asked for
};

// "t=UNIX-SECONDS,v1=HEX": HMAC-SHA256 of "UNIX-SECONDS.BODY" with the secret.
std::string WebhookSignature(std::string_view secret, std::string_view body, std::int64_t now_ns);

// Nothing when the receiver answered 2xx. `delivery` stands for this message: a repetition has the
// same one. `stop` ends it early.
std::optional<SendFailure> PostWebhook(const AlertTarget& target, const AddressGuard& guard,
                                       const AddressResolver& resolve, const WebhookLimits& limits,
                                       std::int64_t delivery, const std::string& body,
                                       const std::atomic<bool>& stop);

}  // namespace tapiary::server
