#include "capture/ot/iso/cotp.h"

#include <algorithm>

namespace tapiary::capture::iso {
namespace {

constexpr std::string_view kBadTpkt = "cotp-tpkt";
constexpr std::string_view kBadLength = "cotp-length";
constexpr std::string_view kBadType = "cotp-type";

// Smallest header length of each type; 0: no such type.
std::size_t MinHeader(std::uint8_t nibble) {
  switch (static_cast<TpduType>(nibble)) {
    case TpduType::kConnectRequest:
    case TpduType::kConnectConfirm:
    case TpduType::kDisconnectRequest:
      return 6;
    case TpduType::kDisconnectConfirm:
      return 5;
    case TpduType::kError:
    case TpduType::kDataAck:
    case TpduType::kReject:
    case TpduType::kExpeditedAck:
    case TpduType::kExpeditedData:
      return 4;
    case TpduType::kData:
      return 2;
  }
  return 0;
}

PduFront FrontOf(base::Bytes bytes, bool) {
  return ReadTpkt(bytes);
}

}  // namespace

const Framing kFraming = {
    .front = &FrontOf,
    .plausible = nullptr,
    .whole = nullptr,
    .min_useful = kTpktSize + 2,
    .max_kept = kMaxTpduKept,
    .scan = true,
    .fault_length = kBadLength,
    .fault_gap = "cotp-gap",
    .fault_search = "cotp-lost-sync",
};

PduFront ReadTpkt(base::Bytes bytes) {
  if (!bytes.empty() && bytes[0] != 3) return PduFront::Bad(kBadTpkt);
  if (bytes.size() >= 2 && bytes[1] != 0) return PduFront::Bad(kBadTpkt);
  if (bytes.size() < kTpktSize) return PduFront::More();
  const std::size_t length = static_cast<std::size_t>(bytes[2]) << 8 | bytes[3];
  if (length < kTpktSize + 3) return PduFront::Bad(kBadLength);
  if (bytes.size() < kTpktSize + 1) return PduFront::More();
  const std::size_t header = bytes[4];
  if (header < 2 || header == 255 || kTpktSize + 1 + header > length) {
    return PduFront::Bad(kBadLength);
  }
  if (bytes.size() < kTpktSize + 2) return PduFront::More();
  const std::size_t least = MinHeader(bytes[5] >> 4);
  if (least == 0) return PduFront::Bad(kBadType);
  if (header < least) return PduFront::Bad(kBadLength);
  const bool data = bytes[5] >> 4 == 0xf;
  // Class 0 has nothing but the number in a DT header; its low bits of the type are 0 (1: ROA).
  if (data && (header > 4 || (bytes[5] & 0x0e) != 0)) return PduFront::Bad(kBadType);
  return PduFront::Of(length);
}

Tpdu ReadTpdu(base::Bytes bytes) {
  Tpdu out;
  base::ByteCursor cursor(bytes);
  cursor.Skip(kTpktSize);
  const std::size_t header = cursor.U8();
  out.header = cursor.Take(std::min(header, cursor.remaining()));
  out.payload = cursor.rest();
  if (out.header.empty()) return out;
  out.type = static_cast<TpduType>(out.header[0] >> 4);
  // The number is the header's last byte, also where it is longer than class 0 has it.
  if (out.type == TpduType::kData && out.header.size() >= 2) out.end = (out.header[1] & 0x80) != 0;
  return out;
}

}  // namespace tapiary::capture::iso
