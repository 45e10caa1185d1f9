// One rule of the noise filter: a list, the name it gives, and which flows it is for.
//
// Written FILE[=NAME][,OPTION=VALUE]..., on the command line (`tapiary meter --noise`) as in the
// sensor's configuration (`noise.lists`); docs/noise.md. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tapiary::capture {

struct NoiseRule {
  std::string path;
  std::string name;    // for entries without a label of their own
  bool store = true;   // false: flows are metered, their packets not stored
  bool either = true;  // false: only the originator's address counts
  std::optional<std::uint8_t> proto;
  std::uint16_t first_port = 0;  // of the responder
  std::uint16_t last_port = UINT16_MAX;

  [[nodiscard]] bool Wants(std::uint8_t ip_proto, std::uint16_t resp_port) const {
    return (!proto || *proto == ip_proto) && resp_port >= first_port && resp_port <= last_port;
  }
};

base::Result<NoiseRule> ParseNoiseRule(std::string_view text);

}  // namespace tapiary::capture
