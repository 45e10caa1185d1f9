// Packet downloads: /flows/{id}/pcap, /pcap?filter=, /segments/{id}. Streamed with bounded memory;
// the client's pace is the pace of reading, and a client that leaves ends it (CO-12).
#pragma once

#include "server/api/api.h"

namespace tapiary::server {

Response HandleFlowPcap(const ApiContext& context, const Request& request);
Response HandlePcap(const ApiContext& context, const Request& request);
Response HandleSegment(const ApiContext& context, const Request& request);

}  // namespace tapiary::server
