#include "server/auth/attempts.h"

#include <algorithm>

#include "base/clock.h"
#include "base/text.h"
#include "server/http/peer_network.h"

namespace tapiary::server {
namespace {

// A start in the future means that the clock was set back: the minute is over.
bool Over(std::int64_t start_ns, std::int64_t now_ns) {
  return now_ns < start_ns || now_ns - start_ns >= base::kNanosPerMinute;
}

}  // namespace

Attempts::Attempts(int per_minute, std::size_t max_peers)
    : per_minute_(per_minute), max_peers_(max_peers), log_limit_(base::kNanosPerMinute / 10) {}

bool Attempts::Allowed(const std::string& peer, std::int64_t now_ns) const {
  const std::string key = PeerNetwork(peer);
  const std::lock_guard lock(mutex_);
  const auto found = map_.find(key);
  return found == map_.end() || Over(found->second->start_ns, now_ns) ||
         found->second->failures < per_minute_;
}

bool Attempts::Failed(const std::string& peer, std::int64_t now_ns) {
  std::string key = PeerNetwork(peer);
  const std::lock_guard lock(mutex_);
  const auto found = map_.find(key);
  if (found != map_.end() && !Over(found->second->start_ns, now_ns)) {
    const bool last = ++found->second->failures == per_minute_;
    if (last) Tell(peer);
    return last;
  }
  if (found != map_.end()) {
    peers_.erase(found->second);
    map_.erase(found);
  } else if (map_.size() >= max_peers_) {
    map_.erase(peers_.front().key);
    peers_.pop_front();
  }
  peers_.push_back({std::move(key), now_ns, 1});
  map_[peers_.back().key] = std::prev(peers_.end());
  if (per_minute_ == 1) Tell(peer);
  return per_minute_ == 1;
}

bool Attempts::CountNow(const std::string& peer) {
  const std::int64_t now_ns = base::SteadyNow();
  const bool allowed = Allowed(peer, now_ns);
  Failed(peer, now_ns);
  return allowed;
}

void Attempts::Tell(const std::string& peer) {
  std::uint64_t others = 0;
  if (!log_limit_.Allow(&others)) return;
  base::LogWarning(
      "{} failed {} times within a minute to prove who it is and has to wait; {} more such lines "
      "held back",
      base::EscapeBytes(peer), per_minute_, others);
}

}  // namespace tapiary::server
