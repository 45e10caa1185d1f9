#include "capture/flow/copies.h"

#include <algorithm>

#include "capture/load_word.h"

namespace tapiary::capture {
namespace {

constexpr std::size_t kWord = 8;
// Payload bytes that are looked at from the front, and kWord from the end. TCP numbers tell
// segments apart; datagrams of a device without IP identification differ somewhere in their first
// bytes.
constexpr std::size_t kTcpFront = kWord;
constexpr std::size_t kFront = 8 * kWord;

// All of 1 to 7 bytes, without a loop.
std::uint64_t LoadShort(const std::uint8_t* bytes, std::size_t size) {
  if (size >= 4) return LoadWord(bytes, 4) | LoadWord(bytes + size - 4, 4) << 32;
  return bytes[0] | bytes[size / 2] << 8 | bytes[size - 1] << 16;
}

void AddPayload(base::Bytes payload, std::size_t front, Mix& mix) {
  const std::uint8_t* const bytes = payload.data();
  const std::size_t size = payload.size();
  if (size < kWord) {
    if (size != 0) mix.Add(LoadShort(bytes, size), 0);
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

}  // namespace

std::uint64_t CopyDetector::Fingerprint(const Decoded& packet, std::uint64_t ends,
                                        std::uint8_t side) const {
  Mix mix = mix_;
  // Nobody but us knows `ends`, so small numbers may go on top of it.
  ends ^= static_cast<std::uint64_t>(packet.tcp.flags) << 24 |
          static_cast<std::uint64_t>(side) << 16 | packet.fragment_offset;
  const bool tcp = packet.has_ip && packet.proto == 6;
  mix.Add(ends, packet.has_ip
                    ? static_cast<std::uint64_t>(packet.ip_id) << 32 | packet.ip_length
                    : static_cast<std::uint64_t>(packet.ether_type) << 32 | packet.payload_length);
  if (tcp) mix.Add(static_cast<std::uint64_t>(packet.tcp.seq) << 32 | packet.tcp.ack, 0);
  AddPayload(packet.payload, tcp ? kTcpFront : kFront, mix);
  return mix.hash();
}

// With a set that holds the print, perhaps of long ago.
CopyKind CopyDetector::Compare(const Set& set, std::uint64_t print, std::uint32_t flow_hash,
                               std::int64_t time_ns) {
  for (std::size_t way = 0; way < kWays; ++way) {
    const std::int64_t before_ns = set.times_ns[way];
    if (set.prints[way] != print || before_ns == kTimeUnknown) continue;
    // Also when the copies come in the wrong order. Unsigned: hostile times are far apart.
    const auto now = static_cast<std::uint64_t>(time_ns);
    const auto then = static_cast<std::uint64_t>(before_ns);
    const std::uint64_t apart = time_ns > before_ns ? now - then : then - now;
    if (apart > static_cast<std::uint64_t>(kWindowNs)) continue;
    return set.flow_hashes[way] == flow_hash ? CopyKind::kSameFlow : CopyKind::kOtherFlow;
  }
  return CopyKind::kNone;
}

CopyKind CopyDetector::Check(std::uint64_t print, std::uint32_t flow_hash, std::int64_t time_ns) {
  if (time_ns == kTimeUnknown) return CopyKind::kNone;
  Set& set = sets_[print % kSets];
  static_assert(kWays == 3);
  const bool known = (set.prints[0] == print) | (set.prints[1] == print) | (set.prints[2] == print);
  if (known) {
    const CopyKind kind = Compare(set, print, flow_hash, time_ns);
    if (kind != CopyKind::kNone) return kind;
  }
  const std::uint32_t way = set.oldest;
  set.oldest = way + 1 == kWays ? 0 : way + 1;
  set.prints[way] = print;
  set.times_ns[way] = time_ns;
  set.flow_hashes[way] = flow_hash;
  return CopyKind::kNone;
}

}  // namespace tapiary::capture
