#include "server/catalog/catalog.h"

#include "base/clock.h"
#include "base/text.h"
#include "server/catalog/postgres_catalog.h"
#include "server/catalog/sqlite_catalog.h"

namespace tapiary::server {

base::Result<std::unique_ptr<Catalog>> Catalog::Open(const CatalogOptions& options) {
  return options.url.empty() ? OpenSqliteCatalog(options) : OpenPostgresCatalog(options);
}

base::Result<> AddAudit(SqlWriter& writer, std::string_view actor, std::string_view action,
                        std::string_view detail) {
  const std::vector<SqlValue> values{base::WallNow(), base::EscapeBytes(actor),
                                     base::EscapeBytes(action), base::EscapeBytes(detail)};
  TAPIARY_TRY(writer.Execute(
      "INSERT INTO audit (time_ns, actor, action, detail) VALUES (?, ?, ?, ?)", values));
  return {};
}

}  // namespace tapiary::server
