#include "capture/ot/sv/register.h"

#include "capture/ot/sv/decoder.h"
#include "capture/ot/sv/techniques.h"

namespace tapiary::capture::sv {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<SvDecoder>();
}

}  // namespace

OtRecognition Recognise(const OtGuess& guess) {
  OtRecognition out;
  for (int side = 0; side < 2; ++side) {
    layer2::AppFrame frame;
    if (guess.bytes[side].empty() ||
        !layer2::ReadAppFrame(guess.bytes[side], guess.cut[side], frame) || frame.apdu.empty() ||
        frame.apdu[0] != kSvTag) {
      continue;
    }
    out.verdict = OtVerdict::kYes;
    out.client_side = side;
    return out;
  }
  return out;
}

const OtProtocol kProtocol = {
    .service = kService,
    .ether_types = {0x88ba},
    .wrong_content = {},
    .techniques = Techniques(),
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::sv
