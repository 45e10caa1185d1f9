// Inside ingest: adds to the account of what is stored (stored.h), for those who know kinds of
// items and not of data. Inside a write transaction.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.h"
#include "server/catalog/catalog.h"
#include "server/ingest/rows.h"

namespace tapiary::server {

// `record_bytes`: of the records of all of them.
base::Result<> CountStoredEvents(SqlWriter& writer, const RowOwner& owner, std::int64_t events,
                                 std::int64_t record_bytes);
// The body of an item of this kind, flows or facts, so that retention finds it though no row comes
// of it.
base::Result<> CountStoredBody(SqlWriter& writer, const RowOwner& owner, std::string_view kind,
                               std::int64_t bytes);

}  // namespace tapiary::server
