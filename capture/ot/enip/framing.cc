#include "capture/ot/enip/framing.h"

#include <algorithm>

#include "capture/ot/enip/commands.h"
#include "capture/ot/enip/items.h"

namespace tapiary::capture::enip {
namespace {

constexpr std::string_view kBadCommand = "enip-command";
constexpr std::string_view kBadLength = "enip-length";

// Whether the bytes from `offset` on, as far as they are there, are four zeros.
bool ZerosAt(base::Bytes bytes, std::size_t offset) {
  for (std::size_t i = offset; i < std::min(bytes.size(), offset + 4); ++i) {
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
  const bool known = IsKnown(header.command);
  if (!known && !(ZerosAt(bytes, 8) && ZerosAt(bytes, 20))) return PduFront::Bad(kBadCommand);
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
  if (!ZerosAt(bytes, 20) || (bytes.size() >= 12 && header.status > 0xffff)) return false;
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
