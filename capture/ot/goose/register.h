// GOOSE as a row of the protocol registry, with its recogniser. The side that sends is the client:
// it publishes, or asks (management).
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::goose {

OtRecognition Recognise(const OtGuess& guess);

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::goose
