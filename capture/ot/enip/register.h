// Registration of EtherNet/IP: usual ports, how to recognise it, how to decode it.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::enip {

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::enip
