// Outbox: messages that are still to be sent, in the catalog, so that none is lost with a
// collector.
//
// A sender claims a few with a lease and marks each; what a collector that died had claimed is
// claimed again when the lease ends. So a message is sent at least once, and carries a number by
// which its receiver knows a repetition. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "server/alert/alert.h"
#include "server/catalog/audit_row.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

inline constexpr std::int64_t kLeaseNs = 60 * base::kNanosPerSecond;
inline constexpr std::int64_t kMaxAttempts = 20;     // about half a day
inline constexpr std::int64_t kMaxWaiting = 10'000;  // a target; what is beyond is dead
inline constexpr std::int64_t kKeepSentNs = 7 * base::kNanosPerDay;

struct Delivery {
  std::int64_t id = 0;
  std::int64_t attempts = 0;  // before this one
  std::int64_t lease_ns = 0;  // stands for this claim
  Alert alert;
};

// What is due for a target, oldest first; claimed for kLeaseNs.
base::Result<std::vector<Delivery>> ClaimDeliveries(Catalog& catalog, const std::string& target,
                                                    std::int64_t now_ns, std::int64_t limit);
// These do nothing when the claim is no longer ours.
base::Result<> MarkSent(Catalog& catalog, const std::vector<Delivery>& deliveries,
                        std::int64_t now_ns);
// Again after `wait_ns`, or dead after kMaxAttempts.
base::Result<> MarkFailed(Catalog& catalog, const Delivery& delivery, const std::string& reason,
                          std::int64_t wait_ns, std::int64_t now_ns);
// Gives back what was not tried.
base::Result<> Release(Catalog& catalog, const std::vector<Delivery>& deliveries,
                       std::int64_t now_ns);

struct OutboxRow {
  std::int64_t id = 0;
  std::int64_t alert_id = 0;
  std::string target;
  std::string state;  // waiting, sent, dead
  std::int64_t attempts = 0;
  std::int64_t due_ns = 0;
  std::int64_t changed_ns = 0;
  std::string trouble;
};
// Newest first. Empty `state` or `target`: all.
base::Result<std::vector<OutboxRow>> ListOutbox(const Catalog& catalog, const std::string& state,
                                                const std::string& target, std::int64_t below_id,
                                                std::int64_t limit);
// A dead message is tried again. kNotFound, kConflict when it is not dead.
base::Result<> RetryDelivery(Catalog& catalog, std::int64_t id, const Actor& by,
                             std::int64_t now_ns);
// Forgets old ones that were sent; of too many that wait, the oldest are dead.
base::Result<> PruneOutbox(Catalog& catalog, std::int64_t now_ns);

// How long to wait after so many failures: doubles from 1 s to 1 h, a random half of it less.
std::int64_t RetryWait(std::int64_t failures);

}  // namespace tapiary::server
