// PROFINET as rows of the protocol registry: DCP and RT (one EtherType, one decoder: who claims the
// flow depends on its first frame, and the decoder says the better name later), and CM.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture::profinet {

OtRecognition RecogniseDcp(const OtGuess& guess);
OtRecognition RecogniseRt(const OtGuess& guess);
OtRecognition RecogniseCm(const OtGuess& guess);

extern const OtProtocol kDcpProtocol;
extern const OtProtocol kRtProtocol;
extern const OtProtocol kCmProtocol;

}  // namespace tapiary::capture::profinet
