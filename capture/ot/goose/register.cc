#include "capture/ot/goose/register.h"

#include "capture/ot/goose/decoder.h"
#include "capture/ot/goose/management.h"
#include "capture/ot/goose/message.h"
#include "capture/ot/goose/report.h"
#include "capture/ot/goose/techniques.h"

namespace tapiary::capture::goose {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<GooseDecoder>();
}

bool LooksRight(base::Bytes bytes, bool cut, bool& asks) {
  layer2::AppFrame frame;
  if (!layer2::ReadAppFrame(bytes, cut, frame) || frame.apdu.empty()) return false;
  asks = true;
  if (frame.apdu[0] == kGooseTag) return true;
  const Management message = ReadManagement(frame);
  asks = !message.response;
  return message.valid;
}

}  // namespace

OtRecognition Recognise(const OtGuess& guess) {
  OtRecognition out;
  for (int side = 0; side < 2; ++side) {
    bool asks = true;
    if (guess.bytes[side].empty() || !LooksRight(guess.bytes[side], guess.cut[side], asks)) {
      continue;
    }
    out.verdict = OtVerdict::kYes;
    out.client_side = asks ? side : 1 - side;
    return out;
  }
  return out;
}

const OtProtocol kProtocol = {
    .service = kService,
    .ether_types = {0x88b8, 0x88b9},
    .wrong_content = {},
    .techniques = Techniques(),
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::goose
