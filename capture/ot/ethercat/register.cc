#include "capture/ot/ethercat/register.h"

#include <algorithm>

#include "capture/ot/ethercat/decoder.h"
#include "capture/ot/ethercat/techniques.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::ethercat {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<EtherCatDecoder>();
}

// The chain of datagrams must end where the header says. On UDP that is asked in full; a frame
// with the EtherType may be cut.
OtLook LookAt(base::Bytes bytes, bool cut, bool) {
  base::ByteCursor cursor(bytes);
  FrameHeader header;
  if (!ReadFrameHeader(cursor, header) || header.type != kTypeCommands) return OtLook::No();
  if ((bytes[1] & 0x08) != 0 || header.length < 12) return OtLook::No();
  if (header.length > cursor.remaining()) return cut ? OtLook::Yes(true, true) : OtLook::No();
  base::ByteCursor content(cursor.Take(header.length));
  Datagram datagram;
  datagram.more = true;
  while (datagram.more) {
    if (!ReadDatagram(content, datagram) || !datagram.whole) return OtLook::No();
  }
  return content.remaining() == 0 ? OtLook::Yes(true, true) : OtLook::No();
}

}  // namespace

OtRecognition Recognise(const OtGuess& guess) {
  OtRecognition out = RecogniseBy(guess, &LookAt);
  if (guess.ether_type == 0 || out.verdict == OtVerdict::kYes) return out;
  for (int side = 0; side < 2; ++side) {  // network variables and the like have no chain
    base::ByteCursor cursor(guess.bytes[side]);
    FrameHeader header;
    if (!ReadFrameHeader(cursor, header)) continue;
    if (header.type != kTypeNetworkVariables && header.type != kTypeMailbox) continue;
    out.verdict = OtVerdict::kYes;
    out.client_side = side;
  }
  return out;
}

const OtProtocol kProtocol = {
    .service = kService,
    .ports = {34980},
    .udp = true,
    .ether_types = {0x88a4},
    .wrong_content = "not-ethercat-on-34980",
    .techniques = Techniques(),
    .head = {{{}, ByteSet::Range(0x10, 0x17)}},  // type 1, and bit 11 of the length is 0
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::ethercat
