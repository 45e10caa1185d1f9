// Encapsulations as rows of a table, and the checks that each of them must pass: whole, cut at each
// byte, and with garbage inside.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "capture/decode/decode.h"

namespace tapiary::capture::test {

enum class Inner { kIpv4, kIpv6, kFrame };

// What is around it: an IP protocol or UDP port under 10.0.0.1 > 10.0.0.2, or an EtherType.
struct Outer {
  std::uint8_t proto = 0;
  std::uint16_t port = 0;
  std::uint16_t ether_type = 0;
  bool ipv6 = false;
};

struct Case {
  const char* name;
  Outer outer;
  const char* header;
  Inner inner;
  std::vector<std::string> tunnels;
};

// A Modbus request from 192.168.0.1 or 2001:db8::1, with or without a frame around.
std::vector<std::uint8_t> InnerBytes(Inner inner);
std::vector<std::uint8_t> Wrap(const Case& c, const std::vector<std::uint8_t>& inner);
// The key of the frame as if there were no tunnel.
void ExpectOuter(const Decoded& decoded, const Outer& outer);

// Whole: the packet inside is the key. Cut at each byte: it is, or the outer key is. Filled with
// garbage: the outer key.
void CheckTunnels(const std::vector<Case>& cases);
// Headers that are not what they seem: the outer key.
void CheckNoTunnels(const std::vector<Case>& cases);

inline const Outer kGre{.proto = 47}, kVxlan{.port = 4789}, kGpe{.port = 4790},
    kGeneve{.port = 6081}, kGtp{.port = 2152}, kMpls{.ether_type = 0x8847},
    kPppoe{.ether_type = 0x8864}, kNsh{.ether_type = 0x894f};

}  // namespace tapiary::capture::test
