#include "capture/flow/copies.h"

#include <cstring>

namespace tapiary::capture {
namespace {

constexpr std::size_t kWord = 8;
// Payload bytes that are looked at from the front, and kWord from the end. TCP numbers tell
// segments apart; datagrams of a device without IP identification differ somewhere in their first
// bytes.
constexpr std::size_t kTcpFront = kWord;
constexpr std::size_t kFront = 8 * kWord;

// Multiply and fold, as the flow key's hash.
std::uint64_t Mix(std::uint64_t hash, std::uint64_t word) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(hash ^ word) * 0xd6e8feb86659fd93ull;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::uint64_t Word(const std::uint8_t* bytes, std::size_t size = sizeof(std::uint64_t)) {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, size);
  return word;
}

std::uint64_t MixPayload(std::uint64_t hash, base::Bytes payload, std::size_t front) {
  std::size_t at = 0;
  for (; at + kWord <= payload.size() && at < front; at += kWord) {
    hash = Mix(hash, Word(payload.data() + at));
  }
  if (at == payload.size()) return hash;
  if (payload.size() < kWord) return Mix(hash, Word(payload.data(), payload.size()));
  return Mix(hash, Word(payload.data() + payload.size() - kWord));
}

std::uint64_t MixIp(std::uint64_t hash, const Decoded& packet) {
  if (packet.src.version == 6) {
    hash = Mix(Mix(hash, Word(packet.src.bytes.data())), Word(packet.src.bytes.data() + 8));
    hash = Mix(Mix(hash, Word(packet.dst.bytes.data())), Word(packet.dst.bytes.data() + 8));
  } else {
    hash = Mix(hash, Word(packet.src.bytes.data(), 4) | Word(packet.dst.bytes.data(), 4) << 32);
  }
  hash = Mix(hash, static_cast<std::uint64_t>(packet.ip_id) << 32 | packet.ip_length);
  hash = Mix(hash, static_cast<std::uint64_t>(packet.proto) << 48 |
                       static_cast<std::uint64_t>(packet.fragment_offset) << 32 |
                       static_cast<std::uint64_t>(packet.src_port) << 16 | packet.dst_port);
  return Mix(hash, static_cast<std::uint64_t>(packet.tcp.seq) << 32 | packet.tcp.ack);
}

std::uint64_t MixFrame(std::uint64_t hash, const Decoded& packet) {
  hash = Mix(hash, Word(packet.src_mac.data(), 6) | static_cast<std::uint64_t>(packet.ether_type)
                                                        << 48);
  hash = Mix(hash, Word(packet.dst_mac.data(), 6));
  return Mix(hash, packet.payload_length);
}

}  // namespace

std::uint64_t CopyDetector::Fingerprint(const Decoded& packet) const {
  std::uint64_t hash = seed_ ^ packet.tcp.flags;
  hash = packet.has_ip ? MixIp(hash, packet) : MixFrame(hash, packet);
  const bool tcp = packet.has_ip && packet.proto == 6;
  return MixPayload(hash, packet.payload, tcp ? kTcpFront : kFront);
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
