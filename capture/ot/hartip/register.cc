#include "capture/ot/hartip/register.h"

#include "capture/ot/hartip/commands.h"
#include "capture/ot/hartip/decoder.h"
#include "capture/ot/hartip/frame.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::hartip {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<HartIpDecoder>();
}

OtLook Judge(base::Bytes bytes, bool cut, bool datagram) {
  const bool asks = bytes.size() < 2 || bytes[1] == kRequest;
  if (kFraming.front(bytes, asks).kind == PduFront::Kind::kBad) return OtLook::No();
  if (bytes.size() < kHeaderSize) return cut ? OtLook::No() : OtLook::More();
  if (!kFraming.plausible(bytes, asks)) return OtLook::No();
  Message message;
  if (!ReadMessage(bytes, message)) return OtLook::No();
  if (message.type == kRequest && message.status != 0) return OtLook::No();
  if (datagram && !cut && bytes.size() < message.length) return OtLook::No();
  const bool request = message.type == kRequest;
  if (message.id != kPassThrough) return OtLook::Yes(request, !request);
  HartPdu hart;
  if (!ReadHart(message.body, hart)) {
    const bool missing = bytes.size() < message.length;
    return missing && !cut ? OtLook::More() : OtLook::No();
  }
  // Its checksum makes it near proof.
  return hart.checksum_good && hart.extra == 0 ? OtLook::Yes(request, !request, true)
                                               : OtLook::No();
}

OtRecognition Recognise(const OtGuess& guess) {
  return RecogniseBy(guess, &Judge);
}

}  // namespace

const OtProtocol kProtocol = {
    .service = "hart-ip",
    .ports = {5094},
    .tcp = true,
    .udp = true,
    .wrong_content = "not-hart-ip-on-5094",
    .techniques = Techniques(),
    .head = {{{1, 2}}},
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::hartip
