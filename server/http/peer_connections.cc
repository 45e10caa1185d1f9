#include "server/http/peer_connections.h"

#include "server/http/peer_network.h"

namespace tapiary::server {

std::shared_ptr<void> PeerConnections::Take(const std::string& address) {
  const std::string network = PeerNetwork(address);
  if (most_ > 0) {
    const std::lock_guard lock(mutex_);
    int& open = open_[network];
    if (open >= most_) return nullptr;
    ++open;
  }
  return {this, [network](PeerConnections* self) { self->GiveBack(network); }};
}

void PeerConnections::GiveBack(const std::string& network) {
  if (most_ <= 0) return;
  const std::lock_guard lock(mutex_);
  const auto found = open_.find(network);
  if (--found->second == 0) open_.erase(found);
}

}  // namespace tapiary::server
