#include "server/http/peer_connections.h"

#include <arpa/inet.h>

#include <algorithm>

namespace tapiary::server {

PeerConnections::Network PeerConnections::NetworkOf(const std::string& address) {
  constexpr Network kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  constexpr std::size_t kMappedBytes = 12;
  Network network = kMapped;
  if (inet_pton(AF_INET, address.c_str(), network.data() + kMappedBytes) == 1) return network;
  // Of a link-local address the interface is left out.
  const std::string plain = address.substr(0, address.find('%'));
  if (inet_pton(AF_INET6, plain.c_str(), network.data()) != 1) return {};
  if (!std::equal(kMapped.begin(), kMapped.begin() + kMappedBytes, network.begin())) {
    std::fill(network.begin() + 8, network.end(), std::uint8_t{0});
  }
  return network;
}

std::shared_ptr<void> PeerConnections::Take(const std::string& address) {
  const Network network = NetworkOf(address);
  if (most_ > 0) {
    const std::lock_guard lock(mutex_);
    int& open = open_[network];
    if (open >= most_) return nullptr;
    ++open;
  }
  return {this, [network](PeerConnections* self) { self->GiveBack(network); }};
}

void PeerConnections::GiveBack(const Network& network) {
  if (most_ <= 0) return;
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(network);
  if (--found->second == 0) open_.erase(found);
}

}  // namespace tapiary::server
