// The transport itself as a row of the registry, and the recogniser all rows on it share.
#pragma once

#include "capture/ot/decoder.h"
#include "capture/ot/iso/look.h"

namespace tapiary::capture::iso {

// For the row of `user`; kConnection: the row of the transport.
OtRecognition RecogniseUser(const OtGuess& guess, User user);

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::iso
