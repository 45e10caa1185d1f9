// S7comm userdata (ROSCTR 7) to transaction fields: everything that is no job.
//
// System status lists, blocks, clock, password, test functions with forcing, cyclic reading,
// alarms. `code` is group << 8 | sub-function. Pure but for the SZL state it is given; any thread.
#pragma once

#include "capture/ot/s7comm/message.h"
#include "capture/ot/s7comm/szl.h"
#include "capture/records.h"

namespace tapiary::capture::s7comm {

void DecodeUserdataRequest(const Userdata& userdata, Transaction& out);
void DecodeUserdataResponse(const Userdata& userdata, SzlReader& szl, bool has_request,
                            Transaction& out);
// What a PLC sends of itself: alarms, changes of mode, cyclic data.
void DecodePush(const Userdata& userdata, Transaction& out);

}  // namespace tapiary::capture::s7comm
