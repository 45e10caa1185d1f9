#include "capture/ot/dnp3/register.h"

#include "capture/ot/dnp3/decoder.h"
#include "capture/ot/dnp3/functions.h"
#include "capture/ot/dnp3/techniques.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::dnp3 {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<Dnp3Decoder>();
}

OtLook LookAt(base::Bytes bytes, bool cut, bool) {
  LinkHeader header;
  switch (ReadHeader(bytes, header).kind) {
    case PduFront::Kind::kMore:
      return cut ? OtLook::No() : OtLook::More();
    case PduFront::Kind::kBad:
      return OtLook::No();
    case PduFront::Kind::kPdu:
      break;
  }
  // Both ends may send either: who asks is judged below.
  return OtLook::Yes(true, true, true);
}

// 1: these bytes come from who asks; -1: from who answers; 0: not known.
int AskerScore(base::Bytes bytes) {
  LinkHeader header;
  if (ReadHeader(bytes, header).kind != PduFront::Kind::kPdu) return 0;
  constexpr std::size_t kFunctionAt = kHeaderSize + 2;  // behind transport and control
  if (header.has_user_data() && header.user_data > 2 && bytes.size() > kFunctionAt &&
      (bytes[kHeaderSize] & 0x40) != 0) {
    const std::uint8_t function = bytes[kFunctionAt];
    if (IsKnownFunction(function)) return IsRequest(function) ? 1 : -1;
  }
  return header.from_master() ? 1 : -1;
}

}  // namespace

OtRecognition Recognise(const OtGuess& guess) {
  return RecogniseByAsker(guess, &LookAt, &AskerScore);
}

const OtProtocol kProtocol = {
    .service = "dnp3",
    .ports = {20000},
    .tcp = true,
    .udp = true,
    .wrong_content = "not-dnp3-on-20000",
    .techniques = Techniques(),
    .head = {{{0x05}, {0x64}, ByteSet::Range(5, 0xff)}},
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::dnp3
