#include "capture/ot/enip/framing.h"

#include <algorithm>

#include "capture/ot/enip/commands.h"
#include "capture/ot/enip/items.h"

namespace tapiary::capture::enip {
namespace {

constexpr std::string_view kBadCommand = "enip-command";
constexpr std::string_view kBadLength = "enip-length";

// Whether `size` bytes from `offset` on, as far as they are there, are zeros.
bool ZerosAt(base::Bytes bytes, std::size_t offset, std::size_t size = 4) {
  for (std::size_t i = offset; i < std::min(bytes.size(), offset + size); ++i) {
    if (bytes[i] != 0) return false;
  }
  return true;
}

bool LengthFits(std::uint16_t command, std::uint16_t length) {
  switch (command) {
    case kRegisterSession:
      return length == 4;
    case kUnregisterSession:
      return length == 0;
    case kSendRrData:
    case kSendUnitData:  // 0: refused with a status
      return length == 0 || length >= kDataHeaderSize + 2;
    default:
      return length <= kMaxLength;
  }
}

PduFront FrontOf(base::Bytes bytes, bool) {
  Header header;
  return ReadHeader(bytes, header);
}

bool IsPlausible(base::Bytes bytes, bool) {
  return LooksLikeMessage(bytes);
}

// The items of a data message end where its bytes end, whatever its header says.
bool IsWhole(base::Bytes bytes, bool) {
  base::ByteCursor cursor(bytes);
  const std::uint16_t command = cursor.U16Le();
  if (command != kSendRrData && command != kSendUnitData) return false;
  if (bytes.size() < kHeaderSize + kDataHeaderSize + 2) return false;
  const ItemList items = ReadItems(bytes.subspan(kHeaderSize + kDataHeaderSize));
  return items.complete && items.count > 0 && items.trailing == 0;
}

}  // namespace

const Framing kFraming = {
    .front = &FrontOf,
    .plausible = &IsPlausible,
    .whole = &IsWhole,
    .min_useful = kHeaderSize,
    .max_kept = kMaxKept,
    .scan = false,
    .fault_length = kBadLength,
    .fault_gap = "enip-gap",
    .fault_search = "enip-lost-sync",
};

PduFront ReadHeader(base::Bytes bytes, Header& header) {
  base::ByteCursor cursor(bytes);
  header.command = cursor.U16Le();
  header.length = cursor.U16Le();
  header.session = cursor.U32Le();
  header.status = cursor.U32Le();
  header.context = cursor.U64Le();
  header.options = cursor.U32Le();
  if (bytes.size() < 2) return PduFront::More();
  // What is not clearly a message must be quiet in the rest of its header, or zeros would be.
  const bool quiet = ZerosAt(bytes, 8) && ZerosAt(bytes, 20);
  const bool odd = !IsKnown(header.command) || header.command == kListTargets;
  // Who does not know the command says so with status 1.
  const bool refused = header.status == 1 && ZerosAt(bytes, 20);
  if (odd && !quiet && !refused) return PduFront::Bad(kBadCommand);
  // Not waited for: the end of a torn message would be glued to the next one.
  if (!IsKnown(header.command) && (cursor.failed() || header.command > 0xff)) {
    return PduFront::Bad(kBadCommand);
  }
  if (header.command == kNop && !(quiet && ZerosAt(bytes, 12, 8))) {
    return PduFront::Bad(kBadCommand);
  }
  if (!ZerosAt(bytes, 9, 3)) return PduFront::Bad("enip-status");
  if (!ZerosAt(bytes, 20)) return PduFront::Bad("enip-options");  // receivers discard it as well
  if (bytes.size() < 4) return PduFront::More();
  if (header.length > kMaxLength) return PduFront::Bad(kBadLength);
  if (cursor.failed()) return PduFront::More();
  return PduFront::Of(kHeaderSize + header.length);
}

bool LooksLikeMessage(base::Bytes bytes) {
  Header header;
  if (ReadHeader(bytes, header).kind == PduFront::Kind::kBad) return false;
  if (bytes.size() < 2) return true;
  if (!IsKnown(header.command) || header.command == kNop || header.command == kListTargets) {
    return false;
  }
  if (bytes.size() >= 4 && !LengthFits(header.command, header.length)) return false;
  // The end of a data message (context, options, interface, item count 2) looks like a request for
  // a list whose context has that count.
  const bool list = header.command < kRegisterSession && header.length == 0;
  if (list && bytes.size() >= 20 && bytes[18] == 2 && bytes[19] == 0) return false;
  if (bytes.size() <= kHeaderSize) return true;
  const base::Bytes body = BodyOf(bytes, header);
  if (header.command != kSendRrData && header.command != kSendUnitData) return true;
  if (!ZerosAt(body, 0)) return false;  // the interface handle of CIP
  if (body.size() <= kDataHeaderSize) return true;
  const bool whole = body.size() == header.length;
  const ItemList items = ReadItems(body.subspan(kDataHeaderSize));
  return items.plausible && (!whole || items.complete);
}

base::Bytes BodyOf(base::Bytes pdu, const Header& header) {
  const base::Bytes rest = pdu.subspan(std::min(pdu.size(), kHeaderSize));
  return rest.first(std::min<std::size_t>(rest.size(), header.length));
}

}  // namespace tapiary::capture::enip
