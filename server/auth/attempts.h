// Attempts: how often each peer failed to prove who it is, so that guessing is slow.
//
// Tokens cannot be guessed; this bounds the work and the log lines that trying costs. At most 20
// failures a minute per address (PeerNetwork), then the peer waits for its minute to end. Memory is
// bounded: of more than 10,000 peers the oldest is forgotten. Any thread.
#pragma once

#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <string>

#include "base/log.h"

namespace tapiary::server {

class Attempts {
 public:
  explicit Attempts(int per_minute = 20, std::size_t max_peers = 10'000);

  // False while `peer` (an address as text) has used up its failures.
  [[nodiscard]] bool Allowed(const std::string& peer, std::int64_t now_ns) const;
  // Counts it; true when it was the last that the peer has in this minute. That is logged, at most
  // ten times a minute.
  bool Failed(const std::string& peer, std::int64_t now_ns);
  // What both ways in do with a wrong token: counts it now, by the steady clock. False when the
  // peer had used up its failures before. Called for wrong tokens only: a good one always counts,
  // as others may fail from the same proxy or NAT.
  [[nodiscard]] bool CountNow(const std::string& peer);

 private:
  void Tell(const std::string& peer);

  struct Peer {
    std::string key;
    std::int64_t start_ns = 0;  // of its minute
    int failures = 0;
  };

  const int per_minute_;
  const std::size_t max_peers_;
  mutable std::mutex mutex_;
  std::list<Peer> peers_;                                 // guarded by mutex_; oldest minute first
  std::map<std::string, std::list<Peer>::iterator> map_;  // guarded by mutex_
  base::RateLimit log_limit_;                             // guarded by mutex_
};

}  // namespace tapiary::server
