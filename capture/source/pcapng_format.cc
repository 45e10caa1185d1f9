#include "capture/source/pcapng_format.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/clock.h"
#include "base/text.h"
#include "capture/load_word.h"

namespace tapiary::capture {
namespace {

// Times at most so far from 1970 (146 years) are believed, so that a timeout added to one cannot
// overflow; beyond that a time is not known.
constexpr std::int64_t kMaxTimeNs = std::int64_t{1} << 62;

__extension__ using Int128 = __int128;
__extension__ using Uint128 = unsigned __int128;

constexpr std::uint32_t kInterfaceType = 1;
constexpr std::uint32_t kObsoletePacketType = 2;
constexpr std::uint32_t kSimplePacketType = 3;
constexpr std::uint32_t kEnhancedPacketType = 6;

constexpr std::size_t kHeaderBytes = 8;     // type and total length
constexpr std::size_t kOverheadBytes = 12;  // and the total length again
constexpr std::size_t kEnhancedBytes = 20;  // of an enhanced packet, before its data
// Blocks that are read, not skipped, must fit in memory: a largest packet and generous options.
constexpr std::uint32_t kMaxReadBlock = 4u << 20;
constexpr std::size_t kMaxTextBytes = 1024;  // of an interface's name or description

constexpr std::uint16_t kOptionEnd = 0;
constexpr std::uint16_t kOptionComment = 1;
constexpr std::uint16_t kOptionFlags = 2;  // of packet blocks
constexpr std::uint16_t kOptionName = 2;   // of interface blocks, as all below
constexpr std::uint16_t kOptionDescription = 3;
constexpr std::uint16_t kOptionResolution = 9;
constexpr std::uint16_t kOptionFilter = 11;
constexpr std::uint16_t kOptionOs = 12;
constexpr std::uint16_t kOptionOffset = 14;
constexpr std::uint16_t kOptionHardware = 15;

bool IsRead(std::uint32_t type) {
  return type == kSectionHeaderType || type == kInterfaceType || type == kObsoletePacketType ||
         type == kSimplePacketType || type == kEnhancedPacketType;
}

// Of bytes that are known to be there: what each packet costs when nothing else is done with it.
std::uint32_t U32At(base::Bytes bytes, std::size_t offset, bool big) {
  const auto value = static_cast<std::uint32_t>(LoadWord(bytes.data() + offset, 4));
  return big ? __builtin_bswap32(value) : value;
}

std::string ShortText(base::Bytes value) {
  return std::string(base::AsText(value.first(std::min(value.size(), kMaxTextBytes))));
}

// Calls `visit(code, value)` for each option; stops quietly at the first that does not fit.
template <class Visit>
void ForEachOption(base::Bytes options, bool big, Visit visit) {
  base::ByteCursor cursor(options);
  while (cursor.remaining() >= 4) {
    const std::uint16_t code = cursor.U16(big);
    const std::uint16_t size = cursor.U16(big);
    if (code == kOptionEnd || size > cursor.remaining()) return;
    visit(code, cursor.Take(size));
    cursor.Skip(std::min(Padded(size) - size, cursor.remaining()));
  }
}

}  // namespace

TimeScale::TimeScale(std::uint8_t resolution, std::int64_t offset_seconds)
    : offset_seconds_(offset_seconds) {
  const unsigned exponent = resolution & 0x7f;
  if ((resolution & 0x80) != 0) {
    known_ = exponent <= 63;
    shift_ = static_cast<std::uint8_t>(exponent);
    multiplier_ = base::kNanosPerSecond;
    return;
  }
  known_ = exponent <= 19;
  if (!known_) return;
  multiplier_ = 1;
  for (unsigned i = exponent; i < 9; ++i) multiplier_ *= 10;
  for (unsigned i = 9; i < exponent; ++i) divisor_ *= 10;
}

std::int64_t TimeScale::ToNanos(std::uint64_t ticks) const {
  if (!known_) return kTimeUnknown;
  Int128 nanos = 0;
  if (divisor_ == 1) {
    nanos = static_cast<Int128>((static_cast<Uint128>(ticks) * multiplier_) >> shift_);
  } else {
    nanos = static_cast<Int128>(ticks / divisor_);
  }
  nanos += static_cast<Int128>(offset_seconds_) * base::kNanosPerSecond;
  if (nanos > kMaxTimeNs || nanos < -kMaxTimeNs) return kTimeUnknown;
  return static_cast<std::int64_t>(nanos);
}

ParseStep PcapngFormat::Fault(std::string text) {
  fault_ = std::move(text);
  return {};
}

ParseStep PcapngFormat::Next(base::Bytes window, Packet& packet) {
  if (trailer_ != 0) {
    if (window.size() < 4) return {ParseStep::Kind::kNeedMore, 4};
    if (U32At(window, 0, big_) != trailer_) {
      return Fault("a block's two lengths differ");
    }
    trailer_ = 0;
    return {ParseStep::Kind::kNothing, 4};
  }
  std::uint32_t type = 0;
  std::uint32_t total = 0;
  const ParseStep header = Header(window, type, total);
  if (header.kind != ParseStep::Kind::kPacket) return header;
  if (!IsRead(type)) {  // skipped without keeping it, however long; then its second length
    trailer_ = total;
    return {ParseStep::Kind::kNothing, total - 4};
  }
  if (window.size() < total) return {ParseStep::Kind::kNeedMore, total};
  if (U32At(window, total - 4, big_) != total) return Fault("a block's two lengths differ");
  const base::Bytes body = window.subspan(kHeaderBytes, total - kOverheadBytes);
  switch (type) {
    case kEnhancedPacketType:
      return Enhanced(body, total, packet);
    case kObsoletePacketType:
      return Obsolete(body, total, packet);
    case kSimplePacketType:
      return Simple(body, total, packet);
    case kInterfaceType:
      return Interface(body, total);
    default:
      return Section(body, total);
  }
}

// Reads type and length, and the byte order of a new section. kPacket means that they are good.
ParseStep PcapngFormat::Header(base::Bytes window, std::uint32_t& type, std::uint32_t& total) {
  if (window.size() < kHeaderBytes) return {ParseStep::Kind::kNeedMore, kHeaderBytes};
  type = U32At(window, 0, big_);
  if (type == kSectionHeaderType) {
    if (window.size() < kOverheadBytes) return {ParseStep::Kind::kNeedMore, kOverheadBytes};
    const std::uint32_t magic = U32At(window, kHeaderBytes, true);
    if (magic != 0x1a2b3c4d && magic != 0x4d3c2b1a)
      return Fault("no byte order in a section header");
    big_ = magic == 0x1a2b3c4d;
  } else if (!in_section_) {
    return Fault("no section header at the beginning");
  }
  total = U32At(window, 4, big_);
  if (total < kOverheadBytes || total % 4 != 0) {
    return Fault(fmt::format("a block of impossible length {}", total));
  }
  if (IsRead(type) && total > kMaxReadBlock) {
    return Fault(fmt::format("a block of {} bytes, the limit is {}", total, kMaxReadBlock));
  }
  return {ParseStep::Kind::kPacket, 0};
}

ParseStep PcapngFormat::Section(base::Bytes body, std::uint32_t total) {
  base::ByteCursor cursor(body);
  cursor.Skip(4);
  const std::uint16_t major = cursor.U16(big_);
  const std::uint16_t minor = cursor.U16(big_);
  cursor.Skip(8);  // the section's length: advisory, and unknown in streams
  if (cursor.failed()) return Fault("a section header too short");
  // 1.2 is what some writers called 1.0.
  if (major != 1 || (minor != 0 && minor != 2)) {
    return Fault(fmt::format("a section of unknown version {}.{}", major, minor));
  }
  in_section_ = true;
  section_.clear();
  return {ParseStep::Kind::kNothing, total};
}

ParseStep PcapngFormat::Interface(base::Bytes body, std::uint32_t total) {
  base::ByteCursor cursor(body);
  InterfaceInfo info;
  info.link_type_number = cursor.U16(big_);
  cursor.Skip(2);
  info.snap_length = cursor.U32(big_);
  if (cursor.failed()) return Fault("an interface description too short");
  info.link_type = LinkTypeFromNumber(info.link_type_number);
  std::uint8_t resolution = 6;
  std::int64_t offset = 0;
  ForEachOption(cursor.rest(), big_, [&](std::uint16_t code, base::Bytes value) {
    if (code == kOptionName) info.name = ShortText(value);
    if (code == kOptionDescription) info.description = ShortText(value);
    if (code == kOptionResolution && !value.empty()) resolution = value[0];
    if (code == kOptionOs) info.os = ShortText(value);
    if (code == kOptionHardware) info.hardware = ShortText(value);
    // Zero, then text for libpcap; other kinds of filters are not kept.
    if (code == kOptionFilter && !value.empty() && value[0] == 0) {
      info.filter = ShortText(value.subspan(1));
    }
    if (code == kOptionOffset && value.size() >= 8) {
      offset = static_cast<std::int64_t>(base::ByteCursor(value).U64(big_));
    }
  });
  if (info.name.empty()) info.name = unnamed_;
  const std::uint32_t snap_length = info.snap_length;
  std::uint32_t index = 0;
  if (!Register(std::move(info), index)) return Fault("too many interfaces");
  section_.push_back({index, snap_length, TimeScale(resolution, offset)});
  return {ParseStep::Kind::kNothing, total};
}

// Finds or gives the index of the section's next interface. False when there are too many.
bool PcapngFormat::Register(InterfaceInfo info, std::uint32_t& index) {
  const std::size_t id = section_.size();
  const bool known_id = id < last_by_id_.size();
  if (known_id) {
    index = last_by_id_[id];
    const InterfaceInfo& before = (*interfaces_)[index];
    if (before.link_type_number == info.link_type_number && before.name == info.name &&
        before.description == info.description && before.snap_length == info.snap_length &&
        before.filter == info.filter && before.os == info.os && before.hardware == info.hardware) {
      return true;
    }
  }
  if (interfaces_->size() >= kMaxInterfaces) return false;
  index = static_cast<std::uint32_t>(interfaces_->size());
  interfaces_->push_back(std::move(info));
  if (known_id) {
    last_by_id_[id] = index;
  } else {
    last_by_id_.push_back(index);
  }
  return true;
}

ParseStep PcapngFormat::Enhanced(base::Bytes body, std::uint32_t total, Packet& packet) {
  if (body.size() < kEnhancedBytes) return Fault("a packet block too short");
  const std::uint64_t high = U32At(body, 4, big_);
  const std::uint64_t ticks = high << 32 | U32At(body, 8, big_);
  packet = Packet{};
  packet.wire_length = U32At(body, 16, big_);
  base::ByteCursor data(body.subspan(kEnhancedBytes));
  return Finish(total, data, U32At(body, 0, big_), ticks, U32At(body, 12, big_), packet);
}

ParseStep PcapngFormat::Obsolete(base::Bytes body, std::uint32_t total, Packet& packet) {
  base::ByteCursor cursor(body);
  const std::uint32_t interface = cursor.U16(big_);
  cursor.Skip(2);  // drop count since the packet before, of a capture that is not ours
  const std::uint64_t high = cursor.U32(big_);
  const std::uint64_t ticks = high << 32 | cursor.U32(big_);
  const std::uint32_t captured = cursor.U32(big_);
  packet = Packet{};
  packet.wire_length = cursor.U32(big_);
  return Finish(total, cursor, interface, ticks, captured, packet);
}

// The common end of both: data and options, once the lengths are seen to fit.
ParseStep PcapngFormat::Finish(std::uint32_t total, base::ByteCursor& cursor,
                               std::uint32_t interface, std::uint64_t ticks, std::uint32_t captured,
                               Packet& packet) {
  if (cursor.failed()) return Fault("a packet block too short");
  if (captured > cursor.remaining()) {
    return Fault(fmt::format("a packet of {} captured bytes in a block of {}", captured, total));
  }
  if (captured > kMaxPacketBytes) {
    return Fault(
        fmt::format("a packet of {} captured bytes, the limit is {}", captured, kMaxPacketBytes));
  }
  if (interface >= section_.size()) return {ParseStep::Kind::kBadRecord, total};
  packet.bytes = cursor.Take(captured);
  packet.interface = section_[interface].index;
  packet.time_ns = section_[interface].scale.ToNanos(ticks);
  cursor.Skip(std::min(Padded(captured) - captured, cursor.remaining()));
  if (cursor.remaining() >= 4) PacketOptions(cursor.rest(), ticks, packet);
  return {ParseStep::Kind::kPacket, total};
}

void PcapngFormat::PacketOptions(base::Bytes options, std::uint64_t ticks, Packet& packet) const {
  ForEachOption(options, big_, [&](std::uint16_t code, base::Bytes value) {
    if (code == kOptionFlags && value.size() == 4) {
      const std::uint32_t direction = base::ByteCursor(value).U32(big_) & 3;
      if (direction < 3) packet.direction = static_cast<Direction>(direction);
    }
    if (code != kOptionComment || ticks != 0) return;
    const std::string_view text = base::AsText(value);
    if (text == kTimeUnknownComment) {
      packet.time_ns = kTimeUnknown;
    } else if (text.starts_with(kTimeComment)) {
      std::int64_t time = 0;
      const char* end = text.data() + text.size();
      const auto parsed = std::from_chars(text.data() + kTimeComment.size(), end, time);
      if (parsed.ec == std::errc() && parsed.ptr == end && time < 0) packet.time_ns = time;
    }
  });
}

ParseStep PcapngFormat::Simple(base::Bytes body, std::uint32_t total, Packet& packet) {
  base::ByteCursor cursor(body);
  packet = Packet{};
  packet.wire_length = cursor.U32(big_);
  if (cursor.failed()) return Fault("a simple packet block too short");
  if (section_.empty()) return {ParseStep::Kind::kBadRecord, total};
  std::size_t captured = std::min<std::size_t>(packet.wire_length, cursor.remaining());
  const std::uint32_t snap = section_[0].snap_length;
  if (snap > 0) captured = std::min<std::size_t>(captured, snap);
  if (captured > kMaxPacketBytes) return Fault("a simple packet block above the packet limit");
  packet.bytes = cursor.Take(captured);
  packet.interface = section_[0].index;
  packet.time_ns = kTimeUnknown;
  return {ParseStep::Kind::kPacket, total};
}

}  // namespace tapiary::capture
