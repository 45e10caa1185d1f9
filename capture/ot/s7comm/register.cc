#include "capture/ot/s7comm/register.h"

#include "capture/ot/iso/decoder.h"
#include "capture/ot/iso/register.h"
#include "capture/ot/s7comm/techniques.h"

namespace tapiary::capture::s7comm {
namespace {

OtRecognition Recognise(const OtGuess& guess) {
  return iso::RecogniseUser(guess, iso::User::kS7);
}

}  // namespace

const OtProtocol kProtocol = {
    .service = "s7comm",
    .ports = {102},
    .tcp = true,
    .udp = false,
    .ether_types = {},
    .llc = false,
    .level = OtLevel::kDecoded,
    .wrong_content = "not-iso-on-102",
    .techniques = Techniques(),
    .recognise = &Recognise,
    .make = &iso::MakeIsoDecoder,
};

}  // namespace tapiary::capture::s7comm
