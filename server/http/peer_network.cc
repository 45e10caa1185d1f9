#include "server/http/peer_network.h"

#include <algorithm>

#include "capture/records.h"

namespace tapiary::server {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

std::optional<PeerAddress> ReadPeerAddress(const std::string& text) {
  const auto address = capture::ParseIpAddress(text);
  if (!address) return std::nullopt;
  if (address->version == 6) return address->bytes;
  PeerAddress mapped{};
  std::ranges::copy(kMapped, mapped.begin());
  std::copy_n(address->bytes.begin(), 4, mapped.begin() + kMapped.size());
  return mapped;
}

std::string PeerNetwork(const std::string& peer) {
  const auto address = ReadPeerAddress(peer.substr(0, peer.find('%')));
  if (!address) return peer;
  capture::IpAddress network;
  if (std::equal(kMapped.begin(), kMapped.end(), address->begin())) {
    network.version = 4;
    std::copy(address->begin() + kMapped.size(), address->end(), network.bytes.begin());
    return network.ToString();
  }
  network.version = 6;
  std::copy_n(address->begin(), 8, network.bytes.begin());
  return network.ToString() + "/64";
}

}  // namespace tapiary::server
