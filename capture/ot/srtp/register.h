// GE SRTP as a row of the protocol registry, with its recogniser.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::srtp {

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::srtp
