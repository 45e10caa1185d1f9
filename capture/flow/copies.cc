#include "capture/flow/copies.h"

#include <algorithm>

#include "capture/flow/mix.h"
#include "capture/load_word.h"

namespace tapiary::capture {
namespace {

constexpr std::size_t kWord = 8;
// Payload bytes that are looked at from the front, and kWord from the end. TCP numbers tell
// segments apart; datagrams of a device without IP identification differ somewhere in their first
// bytes.
constexpr std::size_t kTcpFront = kWord;
constexpr std::size_t kFront = 8 * kWord;

void AddPayload(base::Bytes payload, std::size_t front, Mix& mix) {
  const std::uint8_t* const bytes = payload.data();
  const std::size_t size = payload.size();
  if (size < kWord) {
    if (size != 0) mix.Add(LoadWord(bytes, size), 0);
    return;
  }
  const std::size_t words = std::min(front, size) & ~(kWord - 1);
  std::size_t at = 0;
  for (; at + 2 * kWord <= words; at += 2 * kWord) {
    mix.Add(LoadWord(bytes + at), LoadWord(bytes + at + kWord));
  }
  if (at == size) return;
  mix.Add(at < words ? LoadWord(bytes + at) : 0, LoadWord(bytes + size - kWord));
}

void AddIp(const Decoded& packet, Mix& mix) {
  const std::uint8_t* const src = packet.src.bytes.data();
  const std::uint8_t* const dst = packet.dst.bytes.data();
  const std::uint64_t sizes = static_cast<std::uint64_t>(packet.ip_id) << 32 | packet.ip_length;
  if (packet.src.version == 6) {
    mix.Add(LoadWord(src), LoadWord(src + kWord));
    mix.Add(LoadWord(dst), LoadWord(dst + kWord));
    mix.Add(sizes, 0);
  } else {
    mix.Add(LoadWord(src, 4) | LoadWord(dst, 4) << 32, sizes);
  }
  mix.Add(static_cast<std::uint64_t>(packet.tcp.flags) << 56 |
              static_cast<std::uint64_t>(packet.proto) << 48 |
              static_cast<std::uint64_t>(packet.fragment_offset) << 32 |
              static_cast<std::uint64_t>(packet.src_port) << 16 | packet.dst_port,
          static_cast<std::uint64_t>(packet.tcp.seq) << 32 | packet.tcp.ack);
}

void AddFrame(const Decoded& packet, Mix& mix) {
  mix.Add(LoadWord(packet.src_mac.data(), 6) | static_cast<std::uint64_t>(packet.ether_type) << 48,
          LoadWord(packet.dst_mac.data(), 6));
  mix.Add(packet.payload_length, 0);
}

}  // namespace

std::uint64_t CopyDetector::Fingerprint(const Decoded& packet) const {
  Mix mix(seed_);
  if (packet.has_ip) [[likely]] {
    AddIp(packet, mix);
  } else {
    AddFrame(packet, mix);
  }
  const bool tcp = packet.has_ip && packet.proto == 6;
  AddPayload(packet.payload, tcp ? kTcpFront : kFront, mix);
  return mix.hash();
}

CopyKind CopyDetector::Check(const Decoded& packet, std::uint32_t flow_hash, std::int64_t time_ns) {
  if (time_ns == kTimeUnknown) return CopyKind::kNone;
  const std::uint64_t print = Fingerprint(packet);
  Entry& entry = entries_[print % kEntries];
  if (entry.print == print && entry.time_ns != kTimeUnknown) {
    // Also when the copies come in the wrong order. Unsigned: hostile times are far apart.
    const auto now = static_cast<std::uint64_t>(time_ns);
    const auto then = static_cast<std::uint64_t>(entry.time_ns);
    const std::uint64_t apart = time_ns > entry.time_ns ? now - then : then - now;
    if (apart <= static_cast<std::uint64_t>(kWindowNs)) {
      return entry.flow_hash == flow_hash ? CopyKind::kSameFlow : CopyKind::kOtherFlow;
    }
  }
  entry = {print, time_ns, flow_hash};
  return CopyKind::kNone;
}

}  // namespace tapiary::capture
