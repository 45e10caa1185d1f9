// The pcapng block of a usual packet (draft-ietf-opsawg-pcapng, enhanced packet block): no tag to
// be put back, a time that the format can say. What is not usual goes through WritePacket
// (pcapng.h), and so may this: the bytes are the same. Hot path: no call for the frames of control
// traffic. Little-endian; any thread.
#pragma once

#include <bit>
#include <cstdint>
#include <cstring>

#include "capture/load_word.h"
#include "capture/packet.h"
#include "capture/source/pcapng_format.h"

namespace tapiary::capture {

static_assert(std::endian::native == std::endian::little, "segments are written little-endian");

inline constexpr std::uint32_t kPacketBlockType = 6;
inline constexpr std::size_t kPacketBlockHead = 28;   // up to the frame
inline constexpr std::size_t kPacketBlockFlags = 12;  // the option of the direction, and the end
inline constexpr std::uint32_t kFlagsOption = 2 | 4 << 16;

inline bool IsUsual(const Packet& packet) {
  return !packet.has_vlan && packet.time_ns >= 0 && packet.bytes.size() <= kMaxPacketBytes;
}

// Exact bytes that a usual packet takes.
inline std::size_t UsualBlockSize(const Packet& packet) {
  const std::size_t options = packet.direction != Direction::kUnknown ? kPacketBlockFlags : 0;
  return kPacketBlockHead + Padded(packet.bytes.size()) + options + 4;
}

// Writes the first 28 bytes. Two numbers a store: what is stored by halves and loaded whole at once
// makes the processor wait.
inline void WriteBlockHead(std::uint32_t total, std::uint32_t interface, std::uint64_t time_ns,
                           std::size_t stored, std::uint32_t wire_length, std::uint8_t* out) {
  StoreWord(out, kPacketBlockType | std::uint64_t{total} << 32);
  StoreWord(out + 8, interface | (time_ns >> 32) << 32);
  StoreWord(out + 16, (time_ns & UINT32_MAX) | static_cast<std::uint64_t>(stored) << 32);
  std::memcpy(out + 24, &wire_length, sizeof wire_length);
}

// A call to memcpy costs more than copying 60 bytes does.
inline void CopyFrame(const std::uint8_t* from, std::size_t size, std::uint8_t* to) {
  constexpr std::size_t kStep = 16, kMost = 8 * kStep;
  if (size < kStep || size > kMost) {
    if (size != 0) std::memcpy(to, from, size);
    return;
  }
  for (std::size_t at = 0; at + kStep < size; at += kStep) {
    std::memcpy(to + at, from + at, kStep);
  }
  std::memcpy(to + size - kStep, from + size - kStep, kStep);
}

// `size` is UsualBlockSize(packet); `out` has so many bytes.
inline void WriteUsual(const Packet& packet, std::uint32_t interface, std::size_t size,
                       std::uint8_t* out) {
  const std::size_t stored = packet.bytes.size();
  const auto total = static_cast<std::uint32_t>(size);
  WriteBlockHead(total, interface, static_cast<std::uint64_t>(packet.time_ns), stored,
                 packet.wire_length, out);
  std::uint8_t* at = out + kPacketBlockHead + Padded(stored);
  // The padding first: the frame's own bytes go over what is not padding.
  constexpr std::uint32_t kZeros = 0;
  if (stored > 0) std::memcpy(at - sizeof kZeros, &kZeros, sizeof kZeros);
  CopyFrame(packet.bytes.data(), stored, out + kPacketBlockHead);
  if (packet.direction != Direction::kUnknown) {
    StoreWord(at, kFlagsOption | static_cast<std::uint64_t>(packet.direction) << 32);
    StoreWord(at + 8, std::uint64_t{total} << 32);  // the end of options first
    return;
  }
  std::memcpy(at, &total, sizeof total);
}

}  // namespace tapiary::capture
