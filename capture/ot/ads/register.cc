#include "capture/ot/ads/register.h"

#include "capture/ot/ads/commands.h"
#include "capture/ot/ads/decoder.h"
#include "capture/ot/ads/discovery.h"
#include "capture/ot/ads/frame.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::ads {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<AdsDecoder>();
}

OtLook JudgeDatagram(base::Bytes bytes, bool cut) {
  Datagram datagram;
  if (!IsDiscovery(bytes) || !ReadDatagram(bytes, datagram)) return OtLook::No();
  if (!cut && !TagsFit(datagram)) return OtLook::No();
  return OtLook::Yes(!datagram.response, datagram.response, true);
}

OtLook Judge(base::Bytes bytes, bool cut, bool datagram) {
  if (datagram) return JudgeDatagram(bytes, cut);
  const PduFront front = kFraming.front(bytes, true);
  if (front.kind == PduFront::Kind::kBad) return OtLook::No();
  if (bytes.size() < kFraming.min_useful) return cut ? OtLook::No() : OtLook::More();
  Frame frame;
  if (!ReadFrame(bytes.subspan(kPrefixSize), front.size - kPrefixSize, frame)) return OtLook::No();
  if (CommandName(frame.command).empty()) return OtLook::No();
  if (!frame.response && frame.error != 0) return OtLook::No();
  // Notifications are what servers send unasked. Two lengths that agree, flags and a command make
  // it near proof.
  const bool request = !frame.response && frame.command != kNotification;
  return OtLook::Yes(request, !request, true);
}

OtRecognition Recognise(const OtGuess& guess) {
  return RecogniseBy(guess, &Judge);
}

}  // namespace

const OtProtocol kProtocol = {
    .service = "ads",
    .ports = {48898, 48899},
    .tcp = true,
    .udp = true,
    .wrong_content = "not-ads-on-48898",
    .techniques = Techniques(),
    .head = {{{0x00, 0x03}, {0x00, 0x66}}},  // the prefix; the magic of discovery
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::ads
