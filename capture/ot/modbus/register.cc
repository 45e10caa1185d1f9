#include "capture/ot/modbus/register.h"

#include <algorithm>

#include "capture/ot/modbus/decoder.h"
#include "capture/ot/modbus/functions.h"
#include "capture/ot/modbus/techniques.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::modbus {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<ModbusDecoder>();
}

struct Look {
  OtVerdict verdict = OtVerdict::kNo;
  Header header;
  std::uint8_t function = 0;
  std::size_t size = 0;  // of the ADU
  bool as_request = false;
  bool as_response = false;
  bool framed = false;  // to the byte
};

// The first ADU of one side. kYes: whole (or its captured begin is beyond doubt) and of a form that
// the function allows at least one way.
Look LookAt(base::Bytes bytes, const OtGuess& guess, bool cut) {
  const bool datagram = guess.datagram;
  Look look;
  const PduFront::Kind front = ReadHeader(bytes, look.header).kind;
  if (front == PduFront::Kind::kMore) look.verdict = datagram ? OtVerdict::kNo : OtVerdict::kMore;
  if (front != PduFront::Kind::kPdu) return look;
  const std::size_t length = look.header.length - 1u;
  const base::Bytes rest = bytes.subspan(kHeaderSize);
  const base::Bytes pdu = rest.first(std::min(rest.size(), length));
  look.function = pdu[0] & 0x7f;
  const Shape request = RequestShape(pdu, length);
  const Shape response = ResponseShape(pdu, length);
  look.as_request = request != Shape::kDiffers;
  look.as_response = response != Shape::kDiffers;
  look.size = kHeaderSize + length;
  look.framed = rest.size() == length;
  // Framed to the byte on Modbus's own port: an event, whatever its form (OT-06).
  const bool event = guess.usual_port && look.framed;
  if (!look.as_request && !look.as_response && !event) return look;
  const bool complete = rest.size() >= length || cut;
  if (!complete) {
    look.verdict = datagram ? OtVerdict::kNo : OtVerdict::kMore;
    return look;
  }
  // A function that is not in the standard has no form to check: then the segment must end with the
  // ADU, or go on with another header.
  if (!IsKnown(look.function) && rest.size() > length) {
    Header next;
    if (ReadHeader(rest.subspan(length), next).kind == PduFront::Kind::kBad) return look;
  }
  look.verdict = OtVerdict::kYes;
  return look;
}

int ScoreOf(const Look& look) {
  return static_cast<int>(look.as_request) - static_cast<int>(look.as_response);
}

// What the form of the side's ADUs, the first of which is `look`, says of who sent them: most of
// them can only be requests, or only responses.
OtLook FormOf(Look look, base::Bytes bytes, const OtGuess& guess) {
  if (look.verdict != OtVerdict::kYes) return {look.verdict, false, true, true};
  constexpr int kMaxLook = 8;
  int score = 0;
  for (int i = 0; i < kMaxLook && look.verdict == OtVerdict::kYes; ++i) {
    score += ScoreOf(look);
    if (look.size >= bytes.size()) break;
    bytes = bytes.subspan(look.size);
    look = LookAt(bytes, guess, false);
  }
  return score == 0 ? OtLook::Yes(true, true) : OtLook::Yes(score > 0, score < 0);
}

OtRecognition OnUsualPort(const OtGuess& guess, const Look (&looks)[2]) {
  const bool firm = guess.server_side >= 0 && guess.server_side == guess.handshake_server;
  OtLook forms[2];
  for (int side = 0; side < 2; ++side) {
    if (guess.bytes[side].empty()) continue;
    const Look& look = looks[side];
    if (firm && look.verdict == OtVerdict::kYes) {
      forms[side] = OtLook::Yes(look.as_request || look.framed, look.as_response || look.framed);
    } else {
      forms[side] = FormOf(look, guess.bytes[side], guess);
    }
  }
  return Settle(guess, forms);
}

OtRecognition OffPort(const OtGuess& guess, const Look (&looks)[2]) {
  OtRecognition out;
  bool possible = true;
  for (int side = 0; side < 2; ++side) {
    if (!guess.bytes[side].empty() && looks[side].verdict == OtVerdict::kNo) possible = false;
  }
  if (!possible) return out;
  out.verdict = OtVerdict::kMore;
  out.matched = looks[0].verdict == OtVerdict::kYes || looks[1].verdict == OtVerdict::kYes;
  if (looks[0].verdict != OtVerdict::kYes || looks[1].verdict != OtVerdict::kYes) return out;
  const bool mirror = looks[0].header.transaction == looks[1].header.transaction &&
                      looks[0].header.unit == looks[1].header.unit &&
                      looks[0].function == looks[1].function && IsKnown(looks[0].function);
  const bool zero_asks = looks[0].as_request && looks[1].as_response;
  const bool one_asks = looks[1].as_request && looks[0].as_response;
  out.verdict = mirror && (zero_asks || one_asks) ? OtVerdict::kYes : OtVerdict::kNo;
  // The same both ways: the first one asks. Gateways connect to the master that polls them.
  const int unknown = guess.from_start ? guess.first_side : LikelyClient(guess);
  out.client_side = zero_asks == one_asks ? unknown : zero_asks ? 0 : 1;
  return out;
}

}  // namespace

OtRecognition Recognise(const OtGuess& guess) {
  Look looks[2];
  for (int side = 0; side < 2; ++side) {
    if (!guess.bytes[side].empty()) looks[side] = LookAt(guess.bytes[side], guess, guess.cut[side]);
  }
  return guess.usual_port ? OnUsualPort(guess, looks) : OffPort(guess, looks);
}

const OtProtocol kProtocol = {
    .service = "modbus",
    .ports = {502, 802},
    .tcp = true,
    .udp = true,
    .ether_types = {},
    .llc = false,
    .level = OtLevel::kDecoded,
    .wrong_content = "not-modbus-on-502",
    .techniques = Techniques(),
    .head = {{{}, {}, {0}, {0}}},  // the protocol identifier
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::modbus
