#include "capture/ot/mms/register.h"

#include "capture/ot/iso/decoder.h"
#include "capture/ot/iso/register.h"
#include "capture/ot/mms/techniques.h"

namespace tapiary::capture::mms {
namespace {

OtRecognition Recognise(const OtGuess& guess) {
  return iso::RecogniseUser(guess, iso::User::kMms);
}

}  // namespace

const OtProtocol kProtocol = {
    .service = "mms",
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

}  // namespace tapiary::capture::mms
