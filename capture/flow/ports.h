// Well-known server ports: the weakest evidence, used only where nothing better is known.
//
// For roles (which end is the server) all of them count; for the service name only those of
// ordinary IT services, since a port makes no OT protocol (OT-06). Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace tapiary::capture {

// -1: neither or both ends have a server port; else 0 (the first) or 1.
int ServerByPort(std::uint8_t proto, std::uint16_t port0, std::uint16_t port1);
// Static text, empty when the port names no ordinary service.
std::string_view ServiceByPort(std::uint8_t proto, std::uint16_t port);

}  // namespace tapiary::capture
