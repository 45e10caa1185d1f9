// Modbus as a row of the protocol registry, with its recogniser.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::modbus {

// On a usual port one well-formed ADU is enough. Elsewhere it takes a request and a response with
// the same transaction id, unit and function.
OtRecognition Recognise(const OtGuess& guess);

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::modbus
