#include "capture/ot/synchrophasor/register.h"

#include "capture/ot/recognise.h"
#include "capture/ot/synchrophasor/decoder.h"
#include "capture/ot/synchrophasor/techniques.h"

namespace tapiary::capture::synchrophasor {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<SynchrophasorDecoder>();
}

OtLook LookAt(base::Bytes bytes, bool cut, bool) {
  Frame frame;
  const PduFront front = ReadFrame(bytes, frame);
  if (front.kind == PduFront::Kind::kBad) return OtLook::No();
  const bool headed = front.kind == PduFront::Kind::kPdu;
  if (headed && bytes.size() >= front.size) {
    if (!CrcFits(bytes.first(front.size))) return OtLook::No();
    return OtLook::Yes(true, true, true);
  }
  if (!cut) return OtLook::More();
  return headed ? OtLook::Yes(true, true) : OtLook::No();
}

// 1: from who asks; -1: from who answers; 0: nothing there.
int AskerScore(base::Bytes bytes) {
  Frame frame;
  if (ReadFrame(bytes, frame).kind != PduFront::Kind::kPdu) return 0;
  return frame.type == kCommand ? 1 : -1;
}

}  // namespace

OtRecognition Recognise(const OtGuess& guess) {
  return RecogniseByAsker(guess, &LookAt, &AskerScore);
}

const OtProtocol kProtocol = {
    .service = "synchrophasor",
    .ports = {4712, 4713},
    .tcp = true,
    .udp = true,
    .wrong_content = {},
    .techniques = Techniques(),
    .head = {{{0xaa}, ByteSet::Range(0x01, 0x5f)}},
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::synchrophasor
