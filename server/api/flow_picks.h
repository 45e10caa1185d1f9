// Finds the flows whose packets a download has. Any thread.
#pragma once

#include <memory>

#include "server/api/list_query.h"
#include "server/api/selectors.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

// A filter that selects more flows than this is refused, since their keys are kept in memory.
inline constexpr std::int64_t kMaxDownloadFlows = 50'000;

// The filter's flows, within `window` if there is one. kTooLarge beyond the limit, or when
// finding them took too long: a download is whole or refused.
base::Result<std::unique_ptr<FlowSelector>> ChooseFlows(const Catalog& catalog,
                                                        const Filter& filter,
                                                        const TimeWindow* window);

}  // namespace tapiary::server
