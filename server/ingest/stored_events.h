// Inside ingest: adds events to the account of what is stored (stored.h). Inside a write
// transaction.
#pragma once

#include <cstdint>

#include "base/result.h"
#include "server/catalog/catalog.h"
#include "server/ingest/rows.h"

namespace tapiary::server {

// `record_bytes`: of the records of all of them.
base::Result<> CountStoredEvents(SqlWriter& writer, const RowOwner& owner, std::int64_t events,
                                 std::int64_t record_bytes);

}  // namespace tapiary::server
