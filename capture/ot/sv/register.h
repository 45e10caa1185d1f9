// Sampled values as a row of the protocol registry, with its recogniser. The side that sends is the
// client. Nobody answers.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::sv {

OtRecognition Recognise(const OtGuess& guess);

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::sv
