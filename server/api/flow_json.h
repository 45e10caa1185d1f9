// The JSON object of a flow's row, for those that have its record parsed. Pure.
#pragma once

#include <nlohmann/json.hpp>

#include "server/api/flow_item.h"

namespace tapiary::server {

// `record` is the row's. One of the catalog's first version is the object already.
nlohmann::ordered_json FlowObject(const FlowColumns& flow, nlohmann::ordered_json record);

}  // namespace tapiary::server
