#include "capture/ot/modbus/register.h"

#include <algorithm>

#include "capture/ot/modbus/decoder.h"
#include "capture/ot/modbus/functions.h"
#include "capture/ot/modbus/techniques.h"

namespace tapiary::capture::modbus {
namespace {

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<ModbusDecoder>();
}

struct Look {
  OtVerdict verdict = OtVerdict::kNo;
  Header header;
  std::uint8_t function = 0;
  bool as_request = false;
  bool as_response = false;
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
  if (guess.usual_port && rest.size() == length) {
    // Framed to the byte on Modbus's own port: an event, whatever its form (OT-06).
    look.as_request = look.as_response = true;
  }
  if (!look.as_request && !look.as_response) return look;
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

// -1: the two sides' ADUs do not tell.
int ClientByShape(const Look& side0, const Look& side1) {
  const bool ask0 = side0.as_request && !side0.as_response;
  const bool ask1 = side1.as_request && !side1.as_response;
  const bool answer0 = side0.as_response && !side0.as_request;
  const bool answer1 = side1.as_response && !side1.as_request;
  const bool zero = ask0 || answer1;
  const bool one = ask1 || answer0;
  if (zero == one) return -1;
  return zero ? 0 : 1;
}

OtRecognition OnUsualPort(const OtGuess& guess, const Look (&looks)[2]) {
  OtRecognition out;
  for (int side = 0; side < 2; ++side) {
    if (guess.bytes[side].empty()) continue;
    const Look& look = looks[side];
    if (look.verdict == OtVerdict::kMore) out.verdict = OtVerdict::kMore;
    if (look.verdict != OtVerdict::kYes) continue;
    const bool fits =
        guess.server_side < 0 || (guess.server_side == side ? look.as_response : look.as_request);
    if (!fits) continue;
    out.verdict = OtVerdict::kYes;
    out.client_side =
        guess.server_side >= 0 ? 1 - guess.server_side : ClientByShape(looks[0], looks[1]);
    if (out.client_side < 0) out.client_side = guess.first_side;  // whoever speaks first asks
    return out;
  }
  return out;
}

OtRecognition OffPort(const OtGuess& guess, const Look (&looks)[2]) {
  OtRecognition out;
  bool possible = true;
  for (int side = 0; side < 2; ++side) {
    if (!guess.bytes[side].empty() && looks[side].verdict == OtVerdict::kNo) possible = false;
  }
  if (!possible) return out;
  out.verdict = OtVerdict::kMore;
  if (looks[0].verdict != OtVerdict::kYes || looks[1].verdict != OtVerdict::kYes) return out;
  const bool mirror = looks[0].header.transaction == looks[1].header.transaction &&
                      looks[0].header.unit == looks[1].header.unit &&
                      looks[0].function == looks[1].function && IsKnown(looks[0].function);
  out.client_side =
      guess.server_side >= 0 ? 1 - guess.server_side : ClientByShape(looks[0], looks[1]);
  const bool both_ways = (looks[0].as_request && looks[1].as_response) ||
                         (looks[1].as_request && looks[0].as_response);
  out.verdict = mirror && both_ways ? OtVerdict::kYes : OtVerdict::kNo;
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
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::modbus
