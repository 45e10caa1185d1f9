#include "server/http/peer_network.h"

#include <algorithm>

#include "capture/records.h"
#include "server/query/value.h"

namespace tapiary::server {

std::optional<PeerAddress> ReadPeerAddress(const std::string& text) {
  const auto address = capture::ParseIpAddress(text);
  if (!address) return std::nullopt;
  return ToAddressKey(*address);
}

std::string PeerNetwork(const std::string& peer) {
  const auto address = ReadPeerAddress(peer.substr(0, peer.find('%')));
  if (!address) return peer;
  capture::IpAddress network = FromAddressKey(*address);
  if (network.version == 4) return network.ToString();
  std::fill(network.bytes.begin() + 8, network.bytes.end(), std::uint8_t{0});
  return network.ToString() + "/64";
}

}  // namespace tapiary::server
