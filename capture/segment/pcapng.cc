#include "capture/segment/pcapng.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/text.h"
#include "capture/segment/packet_block.h"
#include "capture/source/pcapng_format.h"

namespace tapiary::capture {
namespace {

constexpr std::uint16_t kOptionComment = 1;
constexpr std::uint16_t kOptionName = 2;
constexpr std::uint16_t kOptionDescription = 3;
constexpr std::uint16_t kOptionApplication = 4;
constexpr std::uint16_t kOptionResolution = 9;
constexpr std::uint16_t kOptionFilter = 11;
constexpr std::uint16_t kOptionOs = 12;
constexpr std::uint16_t kOptionHardware = 15;
constexpr std::size_t kMaxOptionBytes = 1024;

constexpr std::uint32_t kNamesType = 4;
constexpr std::uint16_t kNameOfIpv4 = 1;
constexpr std::uint16_t kNameOfIpv6 = 2;

constexpr std::uint32_t kStatisticsType = 5;
constexpr std::uint16_t kOptionReceived = 4;
constexpr std::uint16_t kOptionDropped = 5;
constexpr std::uint16_t kOptionAccepted = 6;
constexpr std::uint16_t kOptionDelivered = 8;

constexpr std::size_t kVlanAt = 12;  // a tag stands behind the two MAC addresses
constexpr std::size_t kTagBytes = 4;
constexpr std::size_t kOptionEndBytes = 4;

using Buffer = std::vector<std::uint8_t>;

void AppendRaw(const void* data, std::size_t size, Buffer& out) {
  const auto* bytes = static_cast<const std::uint8_t*>(data);
  out.insert(out.end(), bytes, bytes + size);
}

template <class T>
void AppendNumber(T value, Buffer& out) {
  AppendRaw(&value, sizeof value, out);
}

void AppendPadding(std::size_t size, Buffer& out) {
  constexpr std::uint8_t kZeros[4] = {};
  AppendRaw(kZeros, Padded(size) - size, out);
}

void AppendOption(std::uint16_t code, std::string_view value, Buffer& out) {
  const std::string_view text = value.substr(0, kMaxOptionBytes);
  AppendNumber(code, out);
  AppendNumber(static_cast<std::uint16_t>(text.size()), out);
  AppendRaw(text.data(), text.size(), out);
  AppendPadding(text.size(), out);
}

// Writes the end of options and both lengths of the block that began at `begin`.
void FinishBlock(std::size_t begin, Buffer& out) {
  AppendNumber(std::uint32_t{0}, out);
  const auto total = static_cast<std::uint32_t>(out.size() - begin + 4);
  AppendNumber(total, out);
  std::memcpy(out.data() + begin + 4, &total, sizeof total);
}

// The comment for a time that an unsigned count since 1970 cannot say.
struct TimeComment {
  std::array<char, 48> text;
  std::size_t size = 0;
  explicit TimeComment(std::int64_t time_ns) {
    const std::string_view front = time_ns == kTimeUnknown ? kTimeUnknownComment : kTimeComment;
    size = front.copy(text.data(), text.size());
    if (time_ns == kTimeUnknown) return;
    const auto end = std::to_chars(text.data() + size, text.data() + text.size(), time_ns).ptr;
    size = static_cast<std::size_t>(end - text.data());
  }
};

// A tag goes back in when the bytes that stand before it were captured.
bool PutsTagBack(const Packet& packet) {
  return packet.has_vlan && packet.bytes.size() >= kVlanAt;
}

std::size_t StoredBytes(const Packet& packet) {
  return std::min(packet.bytes.size(), kMaxPacketBytes) + (PutsTagBack(packet) ? kTagBytes : 0);
}

std::size_t OptionBytes(const Packet& packet) {
  constexpr std::size_t kFlagsBytes = kPacketBlockFlags - kOptionEndBytes;
  std::size_t size = packet.direction != Direction::kUnknown ? kFlagsBytes : 0;
  if (packet.time_ns < 0) size += 4 + Padded(TimeComment(packet.time_ns).size);
  return size > 0 ? size + kOptionEndBytes : 0;
}

// Puts bytes at `at` and steps behind them.
void Put(std::uint8_t*& at, const void* data, std::size_t size) {
  std::memcpy(at, data, size);
  at += size;
}

template <class T>
void PutNumber(std::uint8_t*& at, T value) {
  Put(at, &value, sizeof value);
}

void PutFrame(std::uint8_t*& at, const Packet& packet) {
  const base::Bytes bytes = packet.bytes.first(std::min(packet.bytes.size(), kMaxPacketBytes));
  if (!PutsTagBack(packet)) return Put(at, bytes.data(), bytes.size());
  const std::uint8_t tag[kTagBytes] = {
      static_cast<std::uint8_t>(packet.vlan_tpid >> 8), static_cast<std::uint8_t>(packet.vlan_tpid),
      static_cast<std::uint8_t>(packet.vlan_tci >> 8), static_cast<std::uint8_t>(packet.vlan_tci)};
  Put(at, bytes.data(), kVlanAt);
  Put(at, tag, sizeof tag);
  Put(at, bytes.data() + kVlanAt, bytes.size() - kVlanAt);
}

void PutTimeComment(std::uint8_t*& at, std::int64_t time_ns) {
  const TimeComment comment(time_ns);
  PutNumber(at, kOptionComment);
  PutNumber(at, static_cast<std::uint16_t>(comment.size));
  Put(at, comment.text.data(), comment.size);
  constexpr std::uint8_t kZeros[4] = {};
  Put(at, kZeros, Padded(comment.size) - comment.size);
}

}  // namespace

void AppendSectionHeader(const SectionText& text, Buffer& out) {
  const std::size_t begin = out.size();
  AppendNumber(kSectionHeaderType, out);
  AppendNumber(std::uint32_t{0}, out);
  AppendNumber(std::uint32_t{0x1a2b3c4d}, out);
  AppendNumber(std::uint16_t{1}, out);
  AppendNumber(std::uint16_t{0}, out);
  AppendNumber(std::int64_t{-1}, out);  // the section's length is not told
  if (!text.comment.empty()) AppendOption(kOptionComment, text.comment, out);
  if (!text.application.empty()) AppendOption(kOptionApplication, text.application, out);
  FinishBlock(begin, out);
}

void AppendInterface(const InterfaceInfo& interface, Buffer& out) {
  const std::size_t begin = out.size();
  AppendNumber(std::uint32_t{1}, out);
  AppendNumber(std::uint32_t{0}, out);
  AppendNumber(interface.link_type_number, out);
  AppendNumber(std::uint16_t{0}, out);
  // No limit: a frame that got its tag back may pass the snap length that it was captured with, and
  // readers refuse what is longer than they were told.
  AppendNumber(std::uint32_t{0}, out);
  if (!interface.name.empty()) AppendOption(kOptionName, interface.name, out);
  if (!interface.description.empty()) {
    AppendOption(kOptionDescription, interface.description, out);
  }
  AppendOption(kOptionResolution, "\x09", out);
  if (!interface.filter.empty()) {
    // A zero byte first: the filter is text for libpcap.
    AppendOption(kOptionFilter, std::string(1, '\0') + interface.filter, out);
  }
  if (!interface.os.empty()) AppendOption(kOptionOs, interface.os, out);
  if (!interface.hardware.empty()) AppendOption(kOptionHardware, interface.hardware, out);
  FinishBlock(begin, out);
}

void AppendNames(std::span<const HostName> names, Buffer& out) {
  if (names.empty()) return;
  const std::size_t begin = out.size();
  AppendNumber(kNamesType, out);
  AppendNumber(std::uint32_t{0}, out);
  for (const auto& [address, name] : names) {
    const bool is_ipv4 = address.version == 4;
    const std::size_t address_bytes = is_ipv4 ? 4 : 16;
    const std::size_t size = address_bytes + name.size() + 1;  // the name ends in a zero
    AppendNumber(is_ipv4 ? kNameOfIpv4 : kNameOfIpv6, out);
    AppendNumber(static_cast<std::uint16_t>(size), out);
    AppendRaw(address.bytes.data(), address_bytes, out);
    AppendRaw(name.c_str(), name.size() + 1, out);
    AppendPadding(size, out);
  }
  AppendNumber(std::uint32_t{0}, out);  // the end of the records; FinishBlock writes the options'
  FinishBlock(begin, out);
}

void AppendStatistics(const InterfaceCounts& counts, std::uint32_t interface, Buffer& out) {
  const std::size_t begin = out.size();
  const auto time = counts.time_ns < 0 ? 0 : static_cast<std::uint64_t>(counts.time_ns);
  AppendNumber(kStatisticsType, out);
  AppendNumber(std::uint32_t{0}, out);
  AppendNumber(interface, out);
  AppendNumber(static_cast<std::uint32_t>(time >> 32), out);
  AppendNumber(static_cast<std::uint32_t>(time), out);
  if (!counts.comment.empty()) AppendOption(kOptionComment, counts.comment, out);
  for (const auto& [code, count] :
       {std::pair{kOptionReceived, counts.received}, std::pair{kOptionDropped, counts.lost},
        std::pair{kOptionAccepted, counts.accepted},
        std::pair{kOptionDelivered, counts.delivered}}) {
    AppendNumber(code, out);
    AppendNumber(static_cast<std::uint16_t>(sizeof count), out);
    AppendNumber(count, out);
  }
  FinishBlock(begin, out);
}

std::size_t PacketBlockSize(const Packet& packet) {
  return kPacketBlockHead + Padded(StoredBytes(packet)) + OptionBytes(packet) + 4;
}

void WritePacket(const Packet& packet, std::uint32_t interface, std::size_t size,
                 std::uint8_t* out) {
  const std::size_t stored = StoredBytes(packet);
  const auto time = packet.time_ns < 0 ? 0 : static_cast<std::uint64_t>(packet.time_ns);
  const auto total = static_cast<std::uint32_t>(size);
  WriteBlockHead(total, interface, time, stored,
                 packet.wire_length + (packet.has_vlan ? std::uint32_t{kTagBytes} : 0), out);
  std::uint8_t* at = out + kPacketBlockHead;
  // The padding first: the frame's own bytes go over what is not padding.
  std::uint8_t* const behind = at + Padded(stored);
  constexpr std::uint32_t kZeros = 0;
  if (stored > 0) std::memcpy(behind - sizeof kZeros, &kZeros, sizeof kZeros);
  PutFrame(at, packet);
  at = behind;
  if (packet.direction != Direction::kUnknown) {
    PutNumber(at, kFlagsOption);
    PutNumber(at, static_cast<std::uint32_t>(packet.direction));
  }
  if (packet.time_ns < 0) PutTimeComment(at, packet.time_ns);
  if (OptionBytes(packet) > 0) PutNumber(at, std::uint32_t{0});
  PutNumber(at, total);
}

void AppendPacket(const Packet& packet, std::uint32_t interface, Buffer& out) {
  const std::size_t size = PacketBlockSize(packet);
  const std::size_t at = out.size();
  out.resize(at + size);
  WritePacket(packet, interface, size, out.data() + at);
}

}  // namespace tapiary::capture
