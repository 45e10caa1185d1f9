// DNP3 as a row of the protocol registry, with its recogniser.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::dnp3 {

// One link header with its checksum is proof on any port. Whoever sends requests asks; else the
// direction bit tells (set: from the master), before ports and handshake, since masters listen and
// outstations connect as well (OT-09).
OtRecognition Recognise(const OtGuess& guess);

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::dnp3
