// Community ID v1, seed 0: the flow name that other tools show too.
// Specification: github.com/corelight/community-id-spec. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "capture/records.h"

namespace tapiary::capture {

// "1:BASE64". For ICMP the ports are type and counter-type, or type and code (`one_way`: nobody
// answers, so the ends keep their order). Protocols without ports are named without them.
std::string CommunityId(const IpAddress& src, const IpAddress& dst, std::uint16_t src_port,
                        std::uint16_t dst_port, std::uint8_t proto, bool one_way);

}  // namespace tapiary::capture
