#include "capture/flow/datagrams.h"

#include <algorithm>

#include "capture/flow/fragments.h"
#include "capture/packet.h"

namespace tapiary::capture {

DatagramAssembler::Datagram& DatagramAssembler::Find(const FlowKey& key, std::int64_t time_ns) {
  for (Datagram& datagram : datagrams_) {
    if (!datagram.used || !(datagram.key == key)) continue;
    // The identification is 16 bits wide: after a while it names another datagram.
    const bool timed = time_ns != kTimeUnknown && datagram.time_ns != kTimeUnknown;
    if (!timed || time_ns - datagram.time_ns <= kFragmentTimeoutNs) return datagram;
    datagram.used = false;
  }
  Datagram& fresh = datagrams_[next_];
  next_ = (next_ + 1) % kMaxDatagrams;
  fresh.key = key;
  fresh.used = true;
  fresh.broken = false;
  fresh.time_ns = time_ns;
  fresh.end = 0;
  fresh.ranges.clear();
  fresh.bytes.clear();
  return fresh;
}

// False when the datagram cannot be put together any more.
bool DatagramAssembler::Place(Datagram& datagram, const FragmentPiece& piece) {
  const std::uint32_t begin = piece.offset;
  if (piece.length == 0 || piece.bytes.size() < piece.length) return false;
  if (begin > kMaxBytes || piece.length > kMaxBytes - begin) return false;
  const std::uint32_t end = begin + piece.length;
  for (const Range& range : datagram.ranges) {
    if (range.begin == begin && range.end == end) return true;  // a copy
    if (begin < range.end && range.begin < end) return false;
  }
  if (datagram.ranges.size() == kMaxFragments) return false;
  if (!piece.more && datagram.end != 0 && datagram.end != end) return false;
  if (!piece.more) datagram.end = end;
  datagram.ranges.push_back({begin, end});
  if (datagram.bytes.size() < end) datagram.bytes.resize(end);
  std::copy_n(piece.bytes.begin(), piece.length, datagram.bytes.begin() + begin);
  return datagram.end == 0 || datagram.bytes.size() <= datagram.end;
}

base::Bytes DatagramAssembler::Add(const FlowKey& key, const FragmentPiece& piece,
                                   std::uint32_t header) {
  Datagram& datagram = Find(key, piece.time_ns);
  if (datagram.broken) return {};
  if (!Place(datagram, piece)) {
    datagram.broken = true;
    return {};
  }
  std::uint32_t covered = header;  // the first fragment is placed behind its transport header
  for (const Range& range : datagram.ranges) covered += range.end - range.begin;
  if (datagram.end == 0 || covered != datagram.end || datagram.bytes.size() < header) return {};
  whole_.assign(datagram.bytes.begin() + header, datagram.bytes.end());
  datagram.broken = true;  // later copies of its fragments do not make it once more
  datagram.bytes = {};
  datagram.ranges.clear();
  return whole_;
}

}  // namespace tapiary::capture
