#include "capture/ot/srtp/register.h"

#include "capture/ot/recognise.h"
#include "capture/ot/srtp/decoder.h"
#include "capture/ot/srtp/message.h"

namespace tapiary::capture::srtp {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<SrtpDecoder>();
}

OtLook Judge(base::Bytes bytes, bool cut, bool) {
  const PduFront front = kFraming.front(bytes, true);
  if (front.kind == PduFront::Kind::kBad) return OtLook::No();
  if (front.kind == PduFront::Kind::kMore) return cut ? OtLook::No() : OtLook::More();
  Message message;
  if (!ReadMessage(bytes, message)) return OtLook::No();
  if (message.type == kInit) return OtLook::Yes(true, false);
  if (message.type == kInitAck) return OtLook::Yes(false, true);
  const bool request = message.type == kRequest;
  for (std::size_t i = 10; i < 16; ++i) {
    if (bytes[i] != 0) return OtLook::No();
  }
  // Sequence again, and packet 1 of 1 or the like.
  if (bytes[30] != bytes[2] && bytes[3] != 0) return OtLook::No();
  if (message.packet == 0 || message.packet > message.packets) return OtLook::No();
  if (request && ServiceName(message.service).empty()) return OtLook::No();
  return OtLook::Yes(request, !request);
}

// A run of zeros, as an init is, is proof on the usual port only: elsewhere the next one counts.
OtLook JudgeElsewhere(base::Bytes bytes, bool cut, bool datagram) {
  const OtLook look = Judge(bytes, cut, datagram);
  if (look.verdict != OtVerdict::kYes || bytes[0] > kInitAck) return look;
  if (bytes.size() == kMailbox) return cut ? OtLook::No() : OtLook::More();
  if (bytes[kMailbox] <= kInitAck) return OtLook::No();
  return Judge(bytes.subspan(kMailbox), cut, datagram);
}

OtRecognition Recognise(const OtGuess& guess) {
  return RecogniseBy(guess, guess.usual_port ? &Judge : &JudgeElsewhere);
}

}  // namespace

const OtProtocol kProtocol = {
    .service = "ge-srtp",
    .ports = {18245},
    .tcp = true,
    .wrong_content = "not-ge-srtp-on-18245",
    .techniques = Techniques(),
    .head = {{{0, 1, 2, 3}, {0}}},
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::srtp
