#include "server/ingest/live_tail.h"

#include <algorithm>

#include "server/retention/lease.h"

namespace tapiary::server {
namespace {

constexpr const char* kLease = "live-tail";
constexpr std::int64_t kSeenNs = 600 * base::kNanosPerSecond;  // sensors that are there

base::Result<std::int64_t> NotedUntil(const Catalog& catalog) {
  std::int64_t until_ns = 0;
  const SqlValue name[] = {std::string(kLease)};
  TAPIARY_TRY(catalog.QuickQuery("SELECT until_ns FROM leases WHERE name = ?", name,
                                 [&until_ns](const SqlRow& row) {
                                   until_ns = row.Int(0);
                                   return false;
                                 }));
  return until_ns;
}

// An end far ahead is that of a clock that was wrong.
bool Follows(std::int64_t until_ns, std::int64_t now_ns) {
  return until_ns > now_ns && until_ns <= now_ns + 2 * LiveTail::kNotedNs;
}

}  // namespace

base::Result<> LiveTail::Note(Catalog& catalog, std::int64_t now_ns) {
  TAPIARY_ASSIGN(const std::int64_t until_ns, NotedUntil(catalog));
  if (Follows(until_ns, now_ns + kNotedNs / 2)) return {};
  // Nobody holds it: whoever follows prolongs it.
  TAPIARY_TRY(TakeLease(catalog, kLease, "", now_ns, kNotedNs));
  return {};
}

std::int64_t LiveTail::SegmentAge(std::int64_t now_ns) {
  const std::lock_guard lock(mutex_);
  if (now_ns >= asked_ns_ && now_ns - asked_ns_ < base::kNanosPerSecond) return age_;
  asked_ns_ = now_ns;
  const auto age = Ask(now_ns);
  age_ = age ? *age : 0;
  return age_;
}

base::Result<std::int64_t> LiveTail::Ask(std::int64_t now_ns) const {
  TAPIARY_ASSIGN(const std::int64_t until_ns, NotedUntil(catalog_));
  if (!Follows(until_ns, now_ns)) return 0;
  std::int64_t sensors = 0;
  const SqlValue seen[] = {now_ns - kSeenNs};
  TAPIARY_TRY(catalog_.QuickQuery("SELECT COUNT(*) FROM sensors WHERE last_seen_ns > ?", seen,
                                  [&sensors](const SqlRow& row) {
                                    sensors = row.Int(0);
                                    return false;
                                  }));
  const std::int64_t age = std::max(kShortestAge, sensors / kSensorsASecond);
  return age <= kLongestAge ? age : 0;
}

}  // namespace tapiary::server
