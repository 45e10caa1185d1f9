// OPC UA binary as a row of the protocol registry, with its recogniser.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::opcua {

// Near proof: a hello or acknowledge whose fields add up, an open with a policy of the OPC
// Foundation, a message with a known service. Encrypted messages need the port or both sides.
OtRecognition Recognise(const OtGuess& guess);

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::opcua
