// The catalog in a PostgreSQL database, which several collectors may share.
//
// A pool of connections each for reading, for quick reading and for writing; those that broke are
// made anew when they are needed next, so that a server that went away and came back needs no
// restart here. Two collectors that meet at one row wait for each other: unique keys decide.
#pragma once

#include <memory>

#include "server/catalog/catalog.h"

namespace tapiary::server {

base::Result<std::unique_ptr<Catalog>> OpenPostgresCatalog(const CatalogOptions& options);

}  // namespace tapiary::server
