// BACnet as a row of the protocol registry, with its recogniser.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::bacnet {

// A datagram that is one BACnet message to the byte, whatever the port: BVLC or LLC header, network
// header with no reserved bit set, known APDU type. Both ends use the same port, so who asks is
// told by the APDU, then by the port.
OtRecognition Recognise(const OtGuess& guess);

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::bacnet
