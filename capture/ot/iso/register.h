// The transport itself as a row of the registry, and what the rows of its users share.
#pragma once

#include <span>
#include <string_view>

#include "capture/ot/decoder.h"
#include "capture/ot/iso/decoder.h"
#include "capture/ot/iso/look.h"

namespace tapiary::capture::iso {

// For the row of `user`; kConnection: the row of the transport.
OtRecognition RecogniseUser(const OtGuess& guess, User user);

template <User kUser>
OtRecognition RecogniseAs(const OtGuess& guess) {
  return RecogniseUser(guess, kUser);
}

// They differ in name, techniques and who is recognised.
template <User kUser>
OtProtocol RowOf(std::string_view service, std::span<const TechniqueRow> techniques) {
  return {
      .service = service,
      .ports = {102},
      .tcp = true,
      .wrong_content = "not-iso-on-102",
      .techniques = techniques,
      .head = {{{3}, {0}}},
      .recognise = &RecogniseAs<kUser>,
      .make = &MakeIsoDecoder,
  };
}

extern const OtProtocol kProtocol;

}  // namespace tapiary::capture::iso
