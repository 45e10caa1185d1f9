// GET /api/v1/filter/complete?text=...&at=...: what may come next in a filter, for people who type.
//
// Fields, operators and known values come from the field table; sensors, addresses, users and other
// values from the newest rows of the catalog, so the answer is quick however much is stored.
#pragma once

#include "server/api/api.h"
#include "server/query/complete.h"

namespace tapiary::server {

Response HandleFilterComplete(const ApiContext& context, const Request& request);

// Values of the field in the newest rows of the table (or of the nearest table that has it), the
// most frequent first; only those that begin with or contain `typed`.
base::Result<std::vector<FilterChoice>> ChoicesFromCatalog(const Catalog& catalog,
                                                           const FilterField& field,
                                                           FilterTable table,
                                                           std::string_view typed,
                                                           std::size_t limit);

}  // namespace tapiary::server
