#include "capture/ot/goose/message.h"

#include "capture/ot/ber.h"

namespace tapiary::capture::goose {
namespace {

constexpr std::size_t kMaxReference = 129;

enum Seen : unsigned { kRef = 1, kSt = 2, kSq = 4 };

std::uint32_t Number(const BerElement& element, Message& out) {
  if (element.length == 0 || element.length > 5) out.malformed = true;
  return static_cast<std::uint32_t>(BerUnsigned(element.content));
}

base::Bytes Reference(const BerElement& element, Message& out) {
  if (element.length > kMaxReference) out.malformed = true;
  return element.content.first(std::min(element.content.size(), kMaxReference));
}

bool Flag(const BerElement& element) {
  return BerUnsigned(element.content) != 0;
}

void TakeElement(const BerElement& element, unsigned& seen, Message& out) {
  switch (element.tag) {
    case 0x80:
      out.gocb_ref = Reference(element, out);
      seen |= kRef;
      return;
    case 0x81:
      out.time_allowed_ms = Number(element, out);
      return;
    case 0x82:
      out.dat_set = Reference(element, out);
      return;
    case 0x83:
      out.go_id = Reference(element, out);
      return;
    case 0x84:
      out.time = element.content.size() == 8 ? element.content : base::Bytes{};
      return;
    case 0x85:
      out.st_num = Number(element, out);
      seen |= kSt;
      return;
    case 0x86:
      out.sq_num = Number(element, out);
      seen |= kSq;
      return;
    case 0x87:
      out.simulated = out.simulated || Flag(element);
      return;
    case 0x88:
      out.conf_rev = Number(element, out);
      return;
    case 0x89:
      out.needs_commissioning = Flag(element);
      return;
    case 0x8a:
      out.entries = Number(element, out);
      return;
    case 0xab:
      out.all_data = element.content;
      out.has_data = true;
      return;
    default:
      return;
  }
}

}  // namespace

void ReadMessage(const layer2::AppFrame& frame, Message& out) {
  out = Message{};
  out.appid = frame.appid;
  out.simulated = frame.simulated;
  out.cut = frame.cut;
  out.malformed = frame.too_short;
  BerReader outer(frame.apdu);
  BerElement pdu;
  if (!outer.Next(pdu) || pdu.tag != kGooseTag) {
    out.malformed = !frame.cut;
    return;
  }
  if (pdu.cut && !frame.cut) out.malformed = true;
  BerReader fields(pdu.content);
  BerElement element;
  unsigned seen = 0;
  while (fields.Next(element)) {
    if (element.cut) {  // the last one: what is there of it cannot be trusted
      if (!frame.cut) out.malformed = true;
      break;
    }
    TakeElement(element, seen, out);
  }
  if (fields.bad() && !frame.cut) out.malformed = true;
  out.has_state = (seen & (kSt | kSq)) == (kSt | kSq);
  if (seen != (kRef | kSt | kSq) && !frame.cut) out.malformed = true;
}

}  // namespace tapiary::capture::goose
