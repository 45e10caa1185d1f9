#include "capture/ot/sv/message.h"

#include "capture/ot/ber.h"

namespace tapiary::capture::sv {
namespace {

constexpr std::size_t kMaxId = 129;

// False when its end or a required field is missing.
bool ReadAsdu(base::Bytes bytes, Asdu& out) {
  out = Asdu{};
  BerReader reader(bytes);
  BerElement element;
  bool id = false, count = false;
  while (reader.Next(element) && !element.cut) {
    const auto number = static_cast<std::uint32_t>(BerUnsigned(element.content));
    switch (element.tag) {
      case 0x80:
        out.sv_id = element.content.first(std::min(element.content.size(), kMaxId));
        id = true;
        break;
      case 0x81:
        out.dat_set = element.content.first(std::min(element.content.size(), kMaxId));
        break;
      case 0x82:
        out.smp_cnt = static_cast<std::uint16_t>(number);
        count = element.length == 2;
        break;
      case 0x83:
        out.conf_rev = number;
        break;
      case 0x85:
        out.smp_synch = static_cast<std::uint8_t>(number);
        break;
      case 0x86:
        out.smp_rate = static_cast<std::uint16_t>(number);
        break;
      case 0x87:
        out.sample_bytes = element.length;
        break;
      default:
        break;
    }
  }
  return id && count && !reader.bad() && !element.cut;
}

void ReadSequence(base::Bytes bytes, Message& out) {
  BerReader reader(bytes);
  BerElement element;
  while (reader.Next(element)) {
    if (element.tag != 0x30 || out.count >= kMaxAsdus) {
      out.malformed = true;
      return;
    }
    if (!ReadAsdu(element.content, out.asdus[out.count]) || element.cut) {
      out.malformed = true;
      return;
    }
    ++out.count;
  }
  out.malformed = out.malformed || reader.bad();
}

}  // namespace

void ReadMessage(const layer2::AppFrame& frame, Message& out) {
  out.appid = frame.appid;
  out.simulated = frame.simulated;
  out.cut = frame.cut;
  out.malformed = frame.too_short;
  out.count = 0;
  BerReader outer(frame.apdu);
  BerElement pdu, element;
  if (!outer.Next(pdu) || pdu.tag != kSvTag) {
    out.malformed = true;
  } else {
    std::uint64_t told = 0;
    BerReader reader(pdu.content);
    while (reader.Next(element)) {
      if (element.tag == 0x80) told = BerUnsigned(element.content);
      if (element.tag == 0xa2) ReadSequence(element.content, out);
    }
    if (reader.bad() || told != out.count || out.count == 0) out.malformed = true;
  }
  if (frame.cut) out.malformed = false;  // what is missing was not captured
}

}  // namespace tapiary::capture::sv
