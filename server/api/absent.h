// What a download should have and no stored segment has: retention removed it, or it never came.
// Any thread.
#pragma once

#include <functional>
#include <string_view>
#include <vector>

#include "server/api/list_query.h"
#include "server/api/segment_walk.h"
#include "server/api/selectors.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

// Of chosen flows, once all of their segments were found: those that list blocks which are nowhere.
// A flow is told before its packets: what may still come is said to be late.
base::Result<std::vector<Absence>> AbsentOf(const Catalog& catalog, const FlowSelector& flows);

// Of a window: the sensors, among those that are wanted, whose packets retention removed from it.
// By the sensor's clock it is taken for the collector's.
base::Result<std::vector<Absence>> RemovedFrom(
    const Catalog& catalog, const TimeWindow& window,
    const std::function<bool(std::string_view sensor)>& wants);

}  // namespace tapiary::server
