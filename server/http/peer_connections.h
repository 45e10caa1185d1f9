// PeerConnections: how many connections each address has, so that none takes all there are. Any
// thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>

namespace tapiary::server {

class PeerConnections {
 public:
  explicit PeerConnections(int most) : most_(most) {}  // 0: no limit
  PeerConnections(const PeerConnections&) = delete;
  PeerConnections& operator=(const PeerConnections&) = delete;

  // A connection of this address, until the result is gone, which it must be before this is; null
  // when there are as many as it may have. IPv4 counts by address, also as ::ffff:a.b.c.d, IPv6 by
  // /64: whoever has one address there has all. Shared, so that it can travel with a coroutine.
  std::shared_ptr<void> Take(const std::string& address);

 private:
  using Network = std::array<std::uint8_t, 16>;
  static Network NetworkOf(const std::string& address);
  void GiveBack(const Network& network);

  const int most_;
  std::mutex mutex_;  // guards what is below
  std::map<Network, int> open_;
};

}  // namespace tapiary::server
