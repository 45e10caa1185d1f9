// Stored segments from the catalog, in the order of their first packet, for a SegmentWalk.
// A feed belongs to one walk; the functions may be called from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "server/api/segment_walk.h"
#include "server/catalog/catalog.h"
#include "server/query/sql.h"
#include "server/vault/vault.h"

namespace tapiary::server {

// `where` is a condition with the aliases g segments, i items, s sensors; rows that `wants` refuses
// are left out. Pages through them, so that no query is held open while a slow client reads
// (CO-14). The catalog must outlive the feed.
SegmentFeed FeedFromCatalog(const Catalog& catalog, SqlCondition where,
                            std::function<bool(const StoredSegment&)> wants);
// Those of items within a range, in order of the item; until `take` says false.
base::Result<> FindSegmentsOfItems(
    const Catalog& catalog, std::int64_t first_item, std::int64_t last_item,
    const std::function<bool(std::int64_t item, StoredSegment segment)>& take);
// By its id in the catalog.
base::Result<std::optional<StoredSegment>> FindSegment(const Catalog& catalog, std::int64_t id);
// These, which are in order of time; those that `wants` refuses are left out.
SegmentFeed FeedFrom(std::vector<StoredSegment> segments,
                     std::function<bool(const StoredSegment&)> wants);
// Reads segments from the vault, which must outlive the opener.
SegmentOpener OpenFrom(Vault& vault);
// Tells the vault, which must outlive it.
AheadSink AheadFrom(Vault& vault);

}  // namespace tapiary::server
