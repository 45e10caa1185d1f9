// LiveTail: sensors close their segments sooner while somebody follows what arrives.
//
// A segment is a minute old when it comes, which is long for who watches an attack. So each
// question of a live tail is noted in the catalog for a while (who asks and the sensor may be at
// different collectors), and answers to sensors carry the age at which their segments should close.
// Many sensors get a higher one: together they send at most about ten segments a second for it.
// Thread-safe.
#pragma once

#include <cstdint>
#include <mutex>

#include "base/clock.h"
#include "base/result.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

// Seconds, in answers to sensors: docs/ingest.md.
inline constexpr const char* kSegmentAgeHeader = "Tapiary-Segment-Age";

class LiveTail {
 public:
  static constexpr std::int64_t kNotedNs = 20 * base::kNanosPerSecond;
  static constexpr std::int64_t kShortestAge = 2;      // seconds
  static constexpr std::int64_t kSensorsASecond = 10;  // that send a segment
  static constexpr std::int64_t kLongestAge = 30;      // beyond it is not worth the haste

  // Somebody follows. Writes to the catalog once in a few seconds.
  static base::Result<> Note(Catalog& catalog, std::int64_t now_ns);

  explicit LiveTail(const Catalog& catalog) : catalog_(catalog) {}
  // In seconds; 0: as the sensor likes. Asks the catalog once a second; when that fails, nobody
  // follows.
  std::int64_t SegmentAge(std::int64_t now_ns);

 private:
  [[nodiscard]] base::Result<std::int64_t> Ask(std::int64_t now_ns) const;

  const Catalog& catalog_;
  std::mutex mutex_;
  std::int64_t asked_ns_ = 0;  // guarded by mutex_
  std::int64_t age_ = 0;       // guarded by mutex_
};

}  // namespace tapiary::server
