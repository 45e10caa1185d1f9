// MMS as a row of the protocol registry; recogniser and decoder are those of iso/.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::mms {

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::mms
