// What arrived since a live tail was last asked for: segments behind a cursor, a bounded number.
// Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "server/api/live_cursor.h"
#include "server/api/segment_walk.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

// The cursor of what was there before a time by the collector's clock.
base::Result<LiveCursor> LiveStart(const Catalog& catalog, std::int64_t from_ns);

struct LiveLimits {
  std::size_t items = 5000;                  // ingested items, of any kind, that are looked at
  std::uint64_t bytes = 64ull << 20;         // stored; one item is taken whatever its size
  std::size_t segments = 20'000;             // more than one item's are kTooLarge
  std::int64_t settle_ns = 120'000'000'000;  // by then what was begun is committed, or never
};

struct LiveBatch {
  std::vector<StoredSegment> segments{};  // in order of time
  LiveCursor next{};
  bool more = false;  // than the limits allow: ask again at once
};
// What came behind `after`; with `until` what came behind `after` and not behind `until`: what the
// batch that gave `until` had. kInvalid for a cursor that is ahead of everything.
base::Result<LiveBatch> ReadLiveBatch(const Catalog& catalog, const LiveCursor& after,
                                      const std::optional<LiveCursor>& until, std::int64_t now_ns,
                                      const LiveLimits& limits = {});

}  // namespace tapiary::server
