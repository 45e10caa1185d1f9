// Walks over the stored packets of flows, and of a window. Any thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/api/api.h"
#include "server/api/list_query.h"
#include "server/api/segment_walk.h"
#include "server/api/selectors.h"
#include "server/query/filter.h"

namespace tapiary::server {

// The packets of the flow with this id. kNotFound: there is none; kInvalid: not an id.
base::Result<std::unique_ptr<SegmentWalk>> WalkFlow(const ApiContext& context,
                                                    const std::string& id);
std::unique_ptr<SegmentWalk> WalkFlows(const ApiContext& context,
                                       std::unique_ptr<FlowSelector> selector);
// Every stored packet of the window that the filter matches: by the collector's clock what was
// received then, by the sensor's what has a time in it.
std::unique_ptr<SegmentWalk> WalkWindow(const ApiContext& context, Filter filter,
                                        const TimeWindow& window);
// The packets of these segments, which are in order of time, that the filter matches.
std::unique_ptr<SegmentWalk> WalkSegments(const ApiContext& context,
                                          std::vector<StoredSegment> segments, Filter filter);

}  // namespace tapiary::server
