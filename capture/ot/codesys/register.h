// CODESYS V2 and V3 as rows of the protocol registry: recognised, not decoded.
//
// V2 (tcp/1200, tcp/2455): BB BB and a length in the byte order of the controller. V3: tcp/11740
// begins with 00 01 17 E8 and the length of the block; udp/1740-1743 datagrams begin with C5.
// Source: captures and the public descriptions of the frames.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::codesys {

extern const OtProtocol kV2Protocol;
extern const OtProtocol kV3Protocol;
extern const OtProtocol kV3UdpProtocol;

}  // namespace tapiary::capture::codesys
