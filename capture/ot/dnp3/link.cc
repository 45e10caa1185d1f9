#include "capture/ot/dnp3/link.h"

#include <algorithm>

#include "capture/ot/dnp3/crc.h"

namespace tapiary::capture::dnp3 {
namespace {

constexpr std::size_t kBlock = 16;
constexpr std::string_view kBadStart = "dnp3-start";

PduFront FrontOf(base::Bytes bytes, bool) {
  LinkHeader header;
  return ReadHeader(bytes, header);
}

}  // namespace

const Framing kFraming = {
    .front = &FrontOf,
    .plausible = nullptr,
    .whole = nullptr,
    .min_useful = kHeaderSize,
    .max_kept = kMaxFrame,
    .scan = true,
    .fault_length = {},
    .fault_gap = "dnp3-gap",
    .fault_search = "dnp3-lost-sync",
};

PduFront ReadHeader(base::Bytes bytes, LinkHeader& header) {
  if (!bytes.empty() && bytes[0] != 0x05) return PduFront::Bad(kBadStart);
  if (bytes.size() >= 2 && bytes[1] != 0x64) return PduFront::Bad(kBadStart);
  if (bytes.size() >= 3 && bytes[2] < 5) return PduFront::Bad("dnp3-length");
  if (bytes.size() < kHeaderSize) return PduFront::More();
  if (!CrcFits(bytes.first(kHeaderSize))) return PduFront::Bad("dnp3-header-crc");
  base::ByteCursor cursor(bytes.subspan(2));
  header.user_data = cursor.U8() - 5u;
  header.control = cursor.U8();
  header.destination = cursor.U16Le();
  header.source = cursor.U16Le();
  const std::size_t blocks = (header.user_data + kBlock - 1) / kBlock;
  return PduFront::Of(kHeaderSize + header.user_data + 2 * blocks);
}

void TakeUserData(base::Bytes frame, const LinkHeader& header, UserData& out) {
  out.size = 0;
  out.damaged = false;
  base::Bytes rest = frame.subspan(std::min(frame.size(), kHeaderSize));
  std::size_t wanted = std::min(header.user_data, kMaxUserData);
  while (wanted > 0 && !rest.empty()) {
    const std::size_t block = std::min(wanted, kBlock);
    const bool whole = rest.size() >= block + 2;
    if (whole && !CrcFits(rest.first(block + 2))) {
      out.damaged = true;
      return;
    }
    const base::Bytes data = rest.first(std::min(block, rest.size()));
    std::copy(data.begin(), data.end(), out.bytes.begin() + static_cast<std::ptrdiff_t>(out.size));
    out.size += data.size();
    if (!whole) return;
    rest = rest.subspan(block + 2);
    wanted -= block;
  }
}

std::string_view LinkOperation(bool primary, std::uint8_t function) {
  if (primary) {
    switch (function) {
      case 0:
        return "reset_link_states";
      case 1:
        return "reset_user_process";  // of versions before IEEE 1815
      case 2:
        return "test_link_states";
      case 9:
        return "request_link_status";
      default:
        return "unknown_link_function";
    }
  }
  switch (function) {
    case 0:
      return "link_ack";
    case 1:
      return "link_nack";
    case 11:
      return "link_status";
    case 14:
      return "link_not_functioning";
    case 15:
      return "link_not_supported";
    default:
      return "unknown_link_function";
  }
}

}  // namespace tapiary::capture::dnp3
