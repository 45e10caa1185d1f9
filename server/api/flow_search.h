// Lists of flows of one address: the catalog finds them by its address indexes, batch by batch from
// the newest on, in place of looking at every flow. Pure; any thread.
#pragma once

#include <vector>

#include "server/api/list_query.h"

namespace tapiary::server {

// Conditions on a and f of kFlowsByBatch (flow_lookup.h), of which every flow that passes the
// filter meets one or more; each is a search in one index. Empty when the filter asks for no
// address, for too many, or in a way that no index answers, such as "or".
std::vector<SqlCondition> AddressSearches(const Filter& filter);

}  // namespace tapiary::server
