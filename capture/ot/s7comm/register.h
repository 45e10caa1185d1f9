// S7comm as a row of the protocol registry; recogniser and decoder are those of iso/.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::s7comm {

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::s7comm
