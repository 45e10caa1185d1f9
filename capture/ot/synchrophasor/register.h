// IEEE C37.118 as a row of the protocol registry, with its recogniser.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::synchrophasor {

// One frame with a right checksum is proof on any port. Commands are from who asks.
OtRecognition Recognise(const OtGuess& guess);

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::synchrophasor
