#include "capture/source/pcap_format.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "base/clock.h"
#include "capture/load_word.h"

namespace tapiary::capture {
namespace {

constexpr std::size_t kRecordBytes = 16;
constexpr std::size_t kModifiedRecordBytes = 24;  // + interface index, protocol, packet type, pad

struct Magic {
  std::uint32_t number;
  bool nano;
  bool modified;
};
constexpr std::array<Magic, 3> kMagics = {{
    {0xa1b2c3d4, false, false},
    {0xa1b23c4d, true, false},
    {0xa1b2cd34, false, true},
}};

std::array<std::uint8_t, 4> MagicBytes(std::uint32_t number, bool big) {
  std::array<std::uint8_t, 4> bytes{};
  for (unsigned i = 0; i < 4; ++i) {
    bytes[i] = static_cast<std::uint8_t>(number >> (big ? 24 - 8 * i : 8 * i));
  }
  return bytes;
}

// The magic that begins with `head`, and its byte order.
const Magic* FindMagic(base::Bytes head, bool& big) {
  const std::size_t size = std::min<std::size_t>(head.size(), 4);
  for (const Magic& magic : kMagics) {
    for (const bool order : {false, true}) {
      const auto bytes = MagicBytes(magic.number, order);
      if (std::equal(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size),
                     head.begin())) {
        big = order;
        return &magic;
      }
    }
  }
  return nullptr;
}

}  // namespace

LinkType LinkTypeFromNumber(std::uint32_t number) {
  switch (number) {
    case 0:
    case 1:
    case 9:
    case 50:
    case 51:
    case 101:
    case 104:
    case 108:
    case 113:
    case 197:
    case 228:
    case 229:
    case 239:
    case 276:
      return static_cast<LinkType>(number);
    case 12:  // raw IP as most BSDs number it
    case 14:
      return LinkType::kRaw;  // and as OpenBSD does
    default:
      return LinkType::kUndecoded;
  }
}

bool LooksLikePcap(base::Bytes head) {
  bool big = false;
  return FindMagic(head, big) != nullptr;
}

PcapFormat::PcapFormat(base::Bytes header, std::vector<InterfaceInfo>& interfaces) {
  if (const Magic* magic = FindMagic(header, big_); magic != nullptr) {
    nano_ = magic->nano;
    modified_ = magic->modified;
  }
  base::ByteCursor cursor(header);
  cursor.Skip(4);
  const std::uint16_t major = cursor.U16(big_);
  const std::uint16_t minor = cursor.U16(big_);
  cursor.Skip(8);  // time zone and accuracy: no writer ever used them
  // libpcap's savefile.c tells the story: before 2.3 the lengths were exchanged, in 2.3 by some.
  if (major == 2 && minor < 3) lengths_ = Lengths::kSwapped;
  if (major == 2 && minor == 3) lengths_ = Lengths::kMaybeSwapped;
  InterfaceInfo interface;
  interface.snap_length = cursor.U32(big_);
  // The upper bits tell of an FCS at the end of frames (RD-09); length fields keep it out of
  // payload.
  interface.link_type_number = static_cast<std::uint16_t>(cursor.U32(big_) & 0xffff);
  interface.link_type = LinkTypeFromNumber(interface.link_type_number);
  interfaces.push_back(std::move(interface));
}

// A field of a record's header, which the window is known to hold.
std::uint32_t PcapFormat::Field(base::Bytes window, std::size_t at) const {
  const auto value =
      static_cast<std::uint32_t>(LoadWord(window.data() + at, sizeof(std::uint32_t)));
  return big_ ? __builtin_bswap32(value) : value;
}

ParseStep PcapFormat::Next(base::Bytes window, Packet& packet) {
  const std::size_t header = modified_ ? kModifiedRecordBytes : kRecordBytes;
  if (window.size() < header) return {ParseStep::Kind::kNeedMore, header};
  const std::uint32_t seconds = Field(window, 0);
  const std::uint32_t fraction = Field(window, 4);
  std::uint32_t captured = Field(window, 8);
  std::uint32_t length = Field(window, 12);
  if (lengths_ == Lengths::kSwapped || (lengths_ == Lengths::kMaybeSwapped && captured > length)) {
    std::swap(captured, length);
  }
  if (captured > kMaxPacketBytes) {
    fault_ = fmt::format("a record claims {} captured bytes, the limit is {}", captured,
                         kMaxPacketBytes);
    return {};
  }
  const std::size_t total = header + captured;
  if (window.size() < total) return {ParseStep::Kind::kNeedMore, total};
  packet = Packet{};
  packet.bytes = window.subspan(header, captured);
  packet.time_ns =
      seconds * base::kNanosPerSecond + static_cast<std::int64_t>(fraction) * (nano_ ? 1 : 1000);
  packet.wire_length = length;
  if (modified_) packet.direction = DirectionFromPacketType(window[kRecordBytes + 6]);
  return {ParseStep::Kind::kPacket, total};
}

}  // namespace tapiary::capture
