// One whole PROFINET CM request or response to the fields of a transaction. Pure; any thread.
#pragma once

#include "capture/ot/profinet/rpc.h"
#include "capture/records.h"

namespace tapiary::capture::profinet {

// `body`: of all fragments. `cut`: its end is missing.
void DecodeCmRequest(const RpcHeader& header, base::Bytes body, bool cut, Transaction& out);
void DecodeCmResponse(const RpcHeader& header, base::Bytes body, bool cut, bool has_request,
                      Transaction& out);

}  // namespace tapiary::capture::profinet
