// Packet downloads: /flows/{id}/pcap, /pcap?filter=, /segments/{id}. Streamed with bounded memory;
// the client's pace is the pace of reading, and a client that leaves ends it (CO-12).
#pragma once

#include <memory>
#include <string>

#include "server/api/api.h"
#include "server/api/capture_body.h"
#include "server/api/list_query.h"

namespace tapiary::server {

Response HandleFlowPcap(const ApiContext& context, const Request& request);
Response HandlePcap(const ApiContext& context, const Request& request);
Response HandleSegment(const ApiContext& context, const Request& request);

// The packets of a filter and window as pcapng, for what holds more than these.
base::Result<std::unique_ptr<CaptureBody>> CaptureOf(const ApiContext& context, Filter filter,
                                                     const TimeWindow& window,
                                                     const std::string& asked,
                                                     CaptureFormat format = CaptureFormat::kPcapng);

}  // namespace tapiary::server
