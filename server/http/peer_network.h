// The addresses of peers, as limits and lists of the trusted see them. Pure.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>

namespace tapiary::server {

using PeerAddress = std::array<std::uint8_t, 16>;  // as the catalog has it (AddressKey)

// Nothing for text that is no address.
std::optional<PeerAddress> ReadPeerAddress(const std::string& text);
// What one host commands as a whole: an IPv4 address, also when it came as ::ffff:a.b.c.d, or the
// /64 of an IPv6 address, whose interface is left out; other text as it is.
std::string PeerNetwork(const std::string& peer);

}  // namespace tapiary::server
