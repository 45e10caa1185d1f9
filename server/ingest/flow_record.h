// What a flow's row keeps beside its columns: a small JSON object, without what is zero, false or
// empty.
//
// Members that the filter's fields read have the paths of the flow's JSON (orig.mac, vlan, labels,
// ...); api/flow_item.cc makes that JSON of row and record. Pure; any thread.
#pragma once

#include <string>

#include "capture/records.h"

namespace tapiary::server {

std::string CompactRecord(const capture::FlowRecord& flow);

}  // namespace tapiary::server
