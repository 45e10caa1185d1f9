// S7comm-plus as a row of the protocol registry; recogniser and decoder are those of iso/.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::s7plus {

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::s7plus
