// How lists and sums of flows are put so that an index answers them. Pure; any thread.
//
// Lists of flows of one address: the catalog finds them by its lists of addresses, batch by batch
// from the newest on, in place of looking at every flow. By the sensor's clock there are two
// indexes: of flows that lasted less than two seconds, and of the others.
#pragma once

#include <vector>

#include "server/api/list_query.h"
#include "server/query/flow_lookup.h"

namespace tapiary::server {

// Every flow that passes the filter is found by one or more. Empty when the filter asks for no
// address, for too many, or in a way that they cannot answer, such as "or".
std::vector<AddressSearch> AddressSearches(const Filter& filter);

// Conditions " AND ..." on f, of which every flow that did not end before `from_ns` meets exactly
// one; each lets one index by start be used.
std::vector<SqlCondition> StartParts(std::int64_t from_ns);
// Those that a window needs: one that is always met, "", unless it is for flows by their start.
std::vector<SqlCondition> WindowParts(FilterTable table, const TimeWindow& window);

}  // namespace tapiary::server
