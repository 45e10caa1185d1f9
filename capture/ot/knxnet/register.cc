#include "capture/ot/knxnet/register.h"

#include "capture/ot/knxnet/cemi.h"
#include "capture/ot/knxnet/decoder.h"
#include "capture/ot/knxnet/message.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::knxnet {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<KnxNetDecoder>();
}

OtLook Judge(base::Bytes bytes, bool cut, bool datagram) {
  const PduFront front = kFraming.front(bytes, true);
  if (front.kind == PduFront::Kind::kBad) return OtLook::No();
  if (front.kind == PduFront::Kind::kMore) return cut ? OtLook::No() : OtLook::More();
  Frame frame;
  if (!ReadFrame(bytes, frame)) return OtLook::No();
  const ServiceRow row = FindService(frame.service);
  if (row.role == Role::kUnknown) return OtLook::No();
  if (datagram && !cut && bytes.size() != front.size) return OtLook::No();
  // Tunnels and routers send to both sides; only what opens a session tells who asks. Five known
  // bytes and, of a datagram, its length make it near proof.
  const bool opens = frame.service < kConfigurationRequest;
  return OtLook::Yes(!opens || row.role == Role::kRequest, !opens || row.role == Role::kResponse,
                     datagram);
}

OtRecognition Recognise(const OtGuess& guess) {
  return RecogniseBy(guess, &Judge);
}

}  // namespace

const OtProtocol kProtocol = {
    .service = "knxnet",
    .ports = {3671},
    .tcp = true,
    .udp = true,
    .wrong_content = "not-knxnet-on-3671",
    .techniques = Techniques(),
    .head = {{{0x06}, {0x10}}},
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::knxnet
