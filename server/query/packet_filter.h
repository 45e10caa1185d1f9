// Filter on decoded packets: for downloads that must be complete even where flow records are
// missing (a sensor that crashed). Only for filters of which Filter::packets_suffice() is true; a
// field that packets have not got makes its test false. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "capture/decode/decode.h"
#include "server/query/filter.h"

namespace tapiary::server {

struct PacketFacts {
  std::string_view sensor;     // escaped, as the catalog has it
  std::string_view interface;  // escaped
  std::int64_t time_ns = 0;
  const capture::Decoded* decoded = nullptr;
};

bool Matches(const Filter& filter, const PacketFacts& facts);

}  // namespace tapiary::server
