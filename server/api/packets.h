// GET /flows/{id}/packets: a flow's packets as Wireshark explains them, as a list or one as a tree.
//
// The flow's first packets, as far as they are needed, go into a sealed file in memory, and a
// confined sharkd reads it (server/dissect). Reference: docs/api.md. Any thread.
#pragma once

#include "server/api/api.h"

namespace tapiary::server {

Response HandleFlowPackets(const ApiContext& context, const Request& request);

}  // namespace tapiary::server
