#include "server/catalog/catalog.h"

#include "server/catalog/audit_row.h"
#include "server/catalog/postgres_catalog.h"
#include "server/catalog/sqlite_catalog.h"

namespace tapiary::server {

base::Result<std::unique_ptr<Catalog>> Catalog::Open(const CatalogOptions& options) {
  return options.url.empty() ? OpenSqliteCatalog(options) : OpenPostgresCatalog(options);
}

base::Result<> AddAudit(SqlWriter& writer, std::string_view actor, std::string_view action,
                        std::string_view detail) {
  return AddAudit(writer, Actor{std::string(actor)}, action, detail);
}

}  // namespace tapiary::server
