// Forwarder: one thread that delivers what the spool holds to the collector, oldest first: facts
// before flows on one connection, packets on another. An item leaves the spool only when the
// collector has said that it is durable there (200, 201), or that it will never take it; then it is
// split, or quarantined and told by a gap record, and the queue goes on. Everything else is tried
// again after a jittered wait. Nothing unacknowledged is ever lost or waits for a poison item.
//
// The token comes from a file that only its owner may read, is read again when refused, and appears
// in no log. Start and Stop by the owner; status by any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "uplink/backoff.h"
#include "uplink/http_client.h"
#include "uplink/spool/spool.h"

namespace tapiary::uplink {

struct ForwarderOptions {
  HttpOptions http;
  std::string token_file;
  Backoff::Options backoff;
  std::int64_t refused_wait_ns = 60 * base::kNanosPerSecond;  // about; after 401 or 403
  std::int64_t poll_ns = 100 * base::kNanosPerMilli;          // how often the spool is asked
};

struct ForwarderStatus {
  // "starting", "ok", "unreachable: ...", "certificate refused: ...", "token refused",
  // "collector answers 503", "spool: ..."; followed by " (records)" or " (packets)" when only that
  // lane fails.
  std::string state = "starting";
  std::uint64_t delivered_items = 0;
  std::uint64_t delivered_bytes = 0;
  std::uint64_t failed_requests = 0;
  std::uint64_t split_items = 0;
  std::uint64_t quarantined_items = 0;
  std::int64_t last_success_ns = 0;  // wall clock; 0: never
  std::int64_t clock_skew_ns = 0;    // collector's date minus ours, to about a second
};

// Whether URL, CA file and token file can be used, without a connection.
base::Result<> CheckUplink(const ForwarderOptions& options);

class Forwarder {
 public:
  // `spool` must outlive the forwarder. Fails when URL, CA file or token file cannot be used.
  static base::Result<std::unique_ptr<Forwarder>> Make(ForwarderOptions options, Spool& spool);
  ~Forwarder();

  void Start();
  // Delivers for up to `grace_ns` more, less when nothing waits or the collector does not answer.
  void Stop(std::int64_t grace_ns);
  [[nodiscard]] ForwarderStatus status() const;

 private:
  struct Impl;
  explicit Forwarder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::uplink
