#include "capture/ot/slmp/register.h"

#include <algorithm>

#include "capture/ot/recognise.h"
#include "capture/ot/slmp/commands.h"
#include "capture/ot/slmp/decoder.h"
#include "capture/ot/slmp/frame.h"

namespace tapiary::capture::slmp {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<SlmpDecoder>();
}

// Bits or words, 3 or 4 bytes of device number, with or without extension; labels and files: 40.
bool IsSubcommand(std::uint16_t subcommand) {
  return subcommand <= 3 || (subcommand >= 0x80 && subcommand <= 0x83) || subcommand == 0x40;
}

// End codes are 0, 4xxx (of the CPU) and Cxxx, Dxxx (of the Ethernet port).
bool IsEndCode(std::uint16_t code) {
  return code == 0 || (code >= 0x4000 && code <= 0x4fff) || code >= 0xc000;
}

OtLook JudgeFrame(const Frame& frame, bool alone) {
  if (frame.style == Style::kProbe) return OtLook::Yes(!frame.response, frame.response);
  // Eleven fixed bytes, the command header and a length that adds up.
  if (frame.style == Style::kMelsoft) return OtLook::Yes(!frame.response, frame.response, alone);
  if (frame.response) {
    return IsEndCode(frame.end_code) ? OtLook::Yes(false, true) : OtLook::No();
  }
  if (OperationName(frame.command).empty() || !IsSubcommand(frame.subcommand)) return OtLook::No();
  // To the connected station's own CPU, as nearly all are: 15 bytes that nobody else has.
  return OtLook::Yes(true, false, alone && frame.station == 0xff && frame.module == 0x03ff);
}

OtLook Judge(base::Bytes bytes, bool cut, bool datagram) {
  const std::uint8_t kind = bytes[0] & 0x7f;
  if (kind != 0x50 && kind != 0x54 && kind != 0x57 && kind != 0x5a) return OtLook::No();
  const PduFront front = kFraming.front(bytes, true);
  if (front.kind == PduFront::Kind::kBad) return OtLook::No();
  if (front.kind == PduFront::Kind::kMore) return cut ? OtLook::No() : OtLook::More();
  if (datagram && !cut && front.size != bytes.size()) return OtLook::No();
  if (bytes.size() < front.size && !cut) return OtLook::More();
  Frame frame;
  if (!ReadFrame(bytes.first(std::min(front.size, bytes.size())), frame)) return OtLook::No();
  return JudgeFrame(frame, front.size == bytes.size());
}

OtRecognition Recognise(const OtGuess& guess) {
  return RecogniseBy(guess, &Judge);
}

}  // namespace

const OtProtocol kProtocol = {
    .service = "slmp",
    .ports = {5007, 5006, 5000, 1025},
    .tcp = true,
    .udp = true,
    .wrong_content = "not-slmp-on-5007",
    .techniques = Techniques(),
    .head = {{{0x50, 0xd0, 0x54, 0xd4, 0x57, 0xd7, 0x5a, 0xda}, {0, 1}}},
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::slmp
