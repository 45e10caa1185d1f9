// Stored segments from the catalog, in the order of their first packet, for a SegmentWalk.
// A feed belongs to one walk; the functions may be called from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

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
// By its id in the catalog.
base::Result<std::optional<StoredSegment>> FindSegment(const Catalog& catalog, std::int64_t id);
// Reads segments from the vault, which must outlive the opener.
SegmentOpener OpenFrom(Vault& vault);

}  // namespace tapiary::server
