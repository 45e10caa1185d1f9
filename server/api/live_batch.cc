#include "server/api/live_batch.h"

#include <algorithm>
#include <utility>

#include "server/api/segment_feed.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kMaxGapSearch = 20'000;

// The newest item that was received before a time, or 0.
base::Result<std::int64_t> NewestBefore(const Catalog& catalog, std::int64_t time_ns) {
  std::int64_t id = 0;
  const SqlValue values[] = {time_ns};
  TAPIARY_TRY(
      catalog.Query("SELECT id FROM items WHERE received_ns < ? ORDER BY received_ns DESC LIMIT 1",
                    values, [&id](const SqlRow& row) {
                      id = row.Int(0);
                      return false;
                    }));
  return id;
}

base::Result<std::int64_t> NewestOfAll(const Catalog& catalog) {
  std::int64_t id = 0;
  TAPIARY_TRY(catalog.Query("SELECT COALESCE(MAX(id), 0) FROM items", {}, [&id](const SqlRow& row) {
    id = row.Int(0);
    return false;
  }));
  return id;
}

// Items that are there within the range, in order, at most `limit`.
base::Result<std::vector<std::int64_t>> ItemsWithin(const Catalog& catalog,
                                                    const LiveCursor::Range& range,
                                                    std::size_t limit) {
  std::vector<std::int64_t> ids;
  const SqlValue values[] = {range.first, range.last, static_cast<std::int64_t>(limit)};
  TAPIARY_TRY(catalog.Query("SELECT id FROM items WHERE id >= ? AND id <= ? ORDER BY id LIMIT ?",
                            values, [&ids](const SqlRow& row) {
                              ids.push_back(row.Int(0));
                              return true;
                            }));
  return ids;
}

// New items in order, one more than the limit when there are more.
base::Result<std::vector<std::int64_t>> NewItems(const Catalog& catalog, const LiveCursor& after,
                                                 const std::optional<LiveCursor>& until,
                                                 std::size_t limit) {
  std::vector<std::int64_t> ids;
  for (LiveCursor::Range range : after.Unseen()) {
    if (until) range.last = std::min(range.last, until->newest);
    TAPIARY_ASSIGN(const auto found, ItemsWithin(catalog, range, limit + 1 - ids.size()));
    ids.insert(ids.end(), found.begin(), found.end());
    if (ids.size() > limit) break;
  }
  if (until) std::erase_if(ids, [&until](std::int64_t id) { return !until->Seen(id); });
  return ids;
}

// Reads segments of the items in their order and cuts the items where a limit is reached.
base::Result<> ReadSegments(const Catalog& catalog, const LiveLimits& limits,
                            std::vector<std::int64_t>* items, LiveBatch* batch) {
  std::uint64_t bytes = 0;
  std::size_t whole = 0;  // segments of the items before the one that is read
  std::int64_t last_item = 0;
  bool cut = false;
  const auto take = [&](std::int64_t item, StoredSegment segment) {
    if (!std::binary_search(items->begin(), items->end(), item)) return true;
    if (item != last_item) {
      const bool full = bytes >= limits.bytes || batch->segments.size() >= limits.segments;
      cut = !batch->segments.empty() && full;
      whole = batch->segments.size();
      if (cut) {
        last_item = item;
        return false;
      }
      last_item = item;
    }
    bytes += segment.bytes;
    batch->segments.push_back(std::move(segment));
    cut = batch->segments.size() > limits.segments;
    return !cut;
  };
  TAPIARY_TRY(FindSegmentsOfItems(catalog, items->front(), items->back(), take));
  if (!cut) return {};
  if (whole == 0) {
    return base::MakeError(base::ErrorCode::kTooLarge,
                           "live: one upload has more segments than a tail takes at once");
  }
  batch->segments.resize(whole);
  items->erase(std::lower_bound(items->begin(), items->end(), last_item), items->end());
  batch->more = true;
  return {};
}

}  // namespace

base::Result<LiveCursor> LiveStart(const Catalog& catalog, std::int64_t from_ns) {
  LiveCursor cursor;
  TAPIARY_ASSIGN(cursor.newest, NewestBefore(catalog, from_ns));
  if (cursor.newest == 0) return cursor;
  TAPIARY_ASSIGN(std::int64_t settled, NewestBefore(catalog, from_ns - LiveLimits{}.settle_ns));
  settled = std::max({settled, cursor.newest - kMaxGapSearch, std::int64_t{0}});
  TAPIARY_ASSIGN(const auto there, ItemsWithin(catalog, {settled + 1, cursor.newest},
                                               static_cast<std::size_t>(kMaxGapSearch)));
  return LiveCursor{.newest = settled}.After(there, cursor.newest, settled);
}

base::Result<LiveBatch> ReadLiveBatch(const Catalog& catalog, const LiveCursor& after,
                                      const std::optional<LiveCursor>& until, std::int64_t now_ns,
                                      const LiveLimits& limits) {
  LiveBatch batch;
  // First, so that nothing is given up that was not looked for after it was settled.
  TAPIARY_ASSIGN(const std::int64_t settled, NewestBefore(catalog, now_ns - limits.settle_ns));
  TAPIARY_ASSIGN(auto items, NewItems(catalog, after, until, limits.items));
  if (items.empty()) {
    TAPIARY_ASSIGN(const std::int64_t newest, NewestOfAll(catalog));
    if (newest < after.newest) {
      return base::MakeError(base::ErrorCode::kInvalid,
                             "live: this cursor is of another catalog; begin with live=start");
    }
  }
  batch.more = items.size() > limits.items;
  if (batch.more) items.pop_back();
  if (!items.empty()) TAPIARY_TRY(ReadSegments(catalog, limits, &items, &batch));
  const std::int64_t searched = batch.more && !items.empty() ? items.back() : INT64_MAX;
  batch.next = until ? *until : after.After(items, searched, settled);
  std::stable_sort(batch.segments.begin(), batch.segments.end(),
                   [](const StoredSegment& a, const StoredSegment& b) {
                     return std::pair(a.first_ns, a.id) < std::pair(b.first_ns, b.id);
                   });
  return batch;
}

}  // namespace tapiary::server
