// GET /api/v1/flows, /transactions, /commands, /events: pages of a list, newest first; and
// /flows/{id}. Paging is by key, so that page 10,000 costs what page 1 does (CO-13).
#pragma once

#include <functional>
#include <string>

#include "server/api/api.h"
#include "server/api/items.h"
#include "server/api/list_query.h"

namespace tapiary::server {

Response HandleList(const ApiContext& context, ListKind kind, const Request& request);
// A page as NDJSON, for what reads a whole list; `seen` gets each item. The query's cursor is moved
// behind it; false: nothing follows.
base::Result<bool> ReadListPart(Catalog& catalog, ListKind kind, ListQuery* query, std::string* out,
                                const std::function<void(const StoredItem&)>& seen);
Response HandleFlow(const ApiContext& context, const Request& request);

// "SENSOR.EPOCHHEX.NUMBERHEX" as a filter for that one flow; kInvalid for any other text.
base::Result<Filter> FilterForFlowId(std::string_view id);
// A SELECT of `columns` from the table, with the window's and the filter's conditions. More
// conditions may be appended with AND.
SqlCondition SelectFrom(FilterTable table, std::string_view columns, const Filter& filter,
                        const TimeWindow* window);
// Percent-encoding of everything but unreserved characters (RFC 3986).
std::string UrlEncode(std::string_view text);
// A Link header's value: the next page's address, for formats that have no place for it inside.
std::string NextLink(const Request& request, const std::string& next);

}  // namespace tapiary::server
