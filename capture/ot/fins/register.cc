#include "capture/ot/fins/register.h"

#include "capture/ot/fins/commands.h"
#include "capture/ot/fins/decoder.h"
#include "capture/ot/fins/frame.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::fins {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<FinsDecoder>();
}

// The command is known and, in a response, followed by an end code.
OtLook JudgeFrame(base::Bytes bytes) {
  Frame frame;
  if (!ReadFrame(bytes, frame) || OperationName(frame.command).empty()) return OtLook::No();
  if (frame.response && frame.data.size() < 2) return OtLook::No();
  return OtLook::Yes(!frame.response, frame.response);
}

OtLook Judge(base::Bytes bytes, bool cut, bool datagram) {
  if (datagram) return JudgeFrame(bytes);
  const PduFront front = kFraming.front(bytes, true);
  if (front.kind == PduFront::Kind::kBad) return OtLook::No();
  if (bytes.size() < kWrapperSize) return cut ? OtLook::No() : OtLook::More();
  // The magic, a length and a command that fit: nobody else begins like this.
  const Wrapped wrapped = Unwrap(bytes);
  if (wrapped.command > kConfirm) return OtLook::No();
  if (wrapped.command != kFrame) {
    return OtLook::Yes(wrapped.command == kNodeRequest, wrapped.command != kNodeRequest, true);
  }
  if (wrapped.frame.size() < kHeaderSize) return cut ? OtLook::No() : OtLook::More();
  OtLook look = JudgeFrame(wrapped.frame);
  look.certain = look.verdict == OtVerdict::kYes;
  return look;
}

OtRecognition Recognise(const OtGuess& guess) {
  return RecogniseBy(guess, &Judge);
}

}  // namespace

const OtProtocol kProtocol = {
    .service = "fins",
    .ports = {9600},
    .tcp = true,
    .udp = true,
    .wrong_content = "not-fins-on-9600",
    .techniques = Techniques(),
    .head = {{{'F', 0x80, 0x81, 0xc0, 0xc1}, {'I', 0}}},  // the magic; ICF of a datagram
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::fins
