#include "capture/ot/iec104/register.h"

#include "capture/ot/iec104/decode.h"
#include "capture/ot/iec104/decoder.h"
#include "capture/ot/iec104/techniques.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::iec104 {
namespace {

constexpr int kMaxLook = 8;  // APDUs of one side that are looked at

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<Iec104Decoder>();
}

// The size of a whole APDU in front that looks right, else 0.
std::size_t WholeApdu(base::Bytes bytes, Apci& apci) {
  const PduFront front = ReadApci(bytes, apci);
  if (front.kind != PduFront::Kind::kPdu || front.size > bytes.size()) return 0;
  return LooksLikeApdu(bytes) ? front.size : 0;
}

OtLook LookAt(base::Bytes bytes, bool cut, bool) {
  Apci apci;
  if (bytes[0] != 0x68 || !LooksLikeApdu(bytes)) return OtLook::No();
  const PduFront front = ReadApci(bytes, apci);
  const bool whole = front.kind == PduFront::Kind::kPdu && front.size <= bytes.size();
  if (!whole && !(cut && front.kind == PduFront::Kind::kPdu)) {
    return cut ? OtLook::No() : OtLook::More();
  }
  const bool second = whole && WholeApdu(bytes.subspan(front.size), apci) != 0;
  return OtLook::Yes(true, true, second);
}

// 1: comes from the controlling station; -1: from the controlled one; 0: does not tell.
int Score(const Apci& apci, base::Bytes apdu) {
  if (apci.format == Format::kU) {
    const std::uint8_t act = ActOf(apci.control);
    if (act == 0 || act == kTestFr) return 0;  // both may test
    return IsUAct(apci.control) ? 1 : -1;
  }
  if (apci.format == Format::kS) return 0;
  const Asdu asdu = ReadAsdu(apdu.subspan(kHeaderSize), apdu.size() - kHeaderSize);
  if (!IsCommandType(asdu.type)) return asdu.type < 120 ? -1 : 0;
  return asdu.cause == kActivation || asdu.cause == kDeactivation || asdu.cause == kRequest ? 1
                                                                                            : -1;
}

int AskerScore(base::Bytes bytes) {
  Apci apci;
  for (int i = 0; i < kMaxLook; ++i) {
    const std::size_t size = WholeApdu(bytes, apci);
    if (size == 0) return 0;
    const int score = Score(apci, bytes.first(size));
    if (score != 0) return score;
    bytes = bytes.subspan(size);
  }
  return 0;
}

}  // namespace

OtRecognition Recognise(const OtGuess& guess) {
  return RecogniseByAsker(guess, &LookAt, &AskerScore);
}

const OtProtocol kProtocol = {
    .service = "iec104",
    .ports = {2404},
    .tcp = true,
    .wrong_content = "not-iec104-on-2404",
    .techniques = Techniques(),
    .head = {{{0x68}, ByteSet::Range(4, 253)}},
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::iec104
