// The catalog in a SQLite file: one writer connection behind a mutex, a pool of read-only ones.
//
// WAL with synchronous=FULL. The log is copied back as it grows, and no reader lives longer than
// the read limit, so that none holds it back (CO-14).
#pragma once

#include <memory>

#include "server/catalog/catalog.h"

namespace tapiary::server {

base::Result<std::unique_ptr<Catalog>> OpenSqliteCatalog(const CatalogOptions& options);

}  // namespace tapiary::server
