// MQTT as a row of the protocol registry, with its recogniser.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::mqtt {

// A connect packet is proof on any port. Joined in the middle: the usual port and packets to the
// byte; headers of two bytes are too weak elsewhere.
OtRecognition Recognise(const OtGuess& guess);

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::mqtt
