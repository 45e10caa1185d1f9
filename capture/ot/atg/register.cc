#include "capture/ot/atg/register.h"

#include <algorithm>

#include "capture/ot/atg/decoder.h"
#include "capture/ot/atg/message.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::atg {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<AtgDecoder>();
}

OtLook JudgeAnswer(base::Bytes bytes) {
  const auto begin = std::find_if(bytes.begin(), bytes.end(), [](std::uint8_t byte) {
    return byte != 0x01 && byte != '\r' && byte != '\n';
  });
  const std::size_t skipped = static_cast<std::size_t>(begin - bytes.begin());
  const base::Bytes head = bytes.subspan(skipped);
  if (skipped > 8) return OtLook::No();
  Message message;
  if (ReadAnswer(head, message)) return OtLook::Yes(false, true);
  return head.size() < 8 && (head.empty() || head[0] == '9' || head[0] == 'I' || head[0] == 'S')
             ? OtLook::More()
             : OtLook::No();
}

// A command begins with SOH and its letter, an answer of some gauges with SOH and an end of line.
OtLook Judge(base::Bytes bytes, bool cut, bool) {
  const bool soh = bytes[0] == 0x01;
  if (!soh && bytes[0] != '\r' && bytes[0] != '\n' && bytes[0] != '9') return OtLook::No();
  const bool command = soh && (bytes.size() < 2 || (bytes[1] != '\r' && bytes[1] != '\n'));
  if (!command) {
    const OtLook look = JudgeAnswer(bytes);
    return look.verdict == OtVerdict::kMore && cut ? OtLook::No() : look;
  }
  const PduFront front = kFraming.front(bytes, true);
  if (front.kind == PduFront::Kind::kBad) return OtLook::No();
  Message message;
  if (ReadCommand(bytes, message)) return OtLook::Yes(true, false);
  return cut ? OtLook::No() : OtLook::More();
}

OtRecognition Recognise(const OtGuess& guess) {
  return RecogniseBy(guess, &Judge);
}

}  // namespace

const OtProtocol kProtocol = {
    .service = "atg",
    .ports = {10001},
    .tcp = true,
    .wrong_content = {},  // others use the port as well
    .techniques = Techniques(),
    .head = {{{0x01, '\r', '\n', '9'}}},
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::atg
