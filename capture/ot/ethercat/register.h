// EtherCAT as a row of the protocol registry, with its recogniser. The side that sends is the
// client. Frames come back on another flow.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::ethercat {

OtRecognition Recognise(const OtGuess& guess);

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::ethercat
