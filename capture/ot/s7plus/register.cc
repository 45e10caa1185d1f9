#include "capture/ot/s7plus/register.h"

#include "capture/ot/iso/decoder.h"
#include "capture/ot/iso/register.h"
#include "capture/ot/s7plus/techniques.h"

namespace tapiary::capture::s7plus {
namespace {

OtRecognition Recognise(const OtGuess& guess) {
  return iso::RecogniseUser(guess, iso::User::kS7Plus);
}

}  // namespace

const OtProtocol kProtocol = {
    .service = "s7comm-plus",
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

}  // namespace tapiary::capture::s7plus
