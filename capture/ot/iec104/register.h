// IEC 60870-5-104 as a row of the protocol registry, with its recogniser.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::iec104 {

// On the usual port one well-formed APDU is enough. Elsewhere it takes one from each side or two in
// a row. Who asks is told by STARTDT, STOPDT and the causes of ASDUs, then by port and handshake.
OtRecognition Recognise(const OtGuess& guess);

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::iec104
