#include "capture/ot/opcua/chunks.h"

#include <algorithm>
#include <utility>

namespace tapiary::capture::opcua {

bool ChunkTable::Has(std::uint64_t key) const {
  return std::any_of(open_.begin(), open_.end(),
                     [key](const Joined& joined) { return joined.key == key; });
}

void ChunkTable::Add(std::uint64_t key, base::Bytes body, bool cut, std::int64_t time_ns) {
  auto found = std::find_if(open_.begin(), open_.end(),
                            [key](const Joined& joined) { return joined.key == key; });
  if (found == open_.end()) {
    if (open_.size() == kMaxOpen) open_.erase(open_.begin());
    open_.push_back({key, {}, 0, false, time_ns});
    found = open_.end() - 1;
  }
  const std::size_t room = found->cut ? 0 : kMaxBytes - found->bytes.size();
  const std::size_t taken = std::min(room, body.size());
  found->bytes.insert(found->bytes.end(), body.begin(),
                      body.begin() + static_cast<std::ptrdiff_t>(taken));
  found->cut = found->cut || cut || taken < body.size();
  ++found->chunks;
}

Joined ChunkTable::Take(std::uint64_t key) {
  const auto found = std::find_if(open_.begin(), open_.end(),
                                  [key](const Joined& joined) { return joined.key == key; });
  if (found == open_.end()) return {};
  Joined taken = std::move(*found);
  open_.erase(found);
  return taken;
}

std::size_t ChunkTable::held_bytes() const {
  std::size_t bytes = 0;
  for (const Joined& joined : open_) bytes += sizeof joined + joined.bytes.capacity();
  return bytes;
}

}  // namespace tapiary::capture::opcua
