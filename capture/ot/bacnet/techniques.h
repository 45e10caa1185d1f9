// BACnet services that are commands or tell of reconnaissance; code: service or message, sub: what
// it belongs to.
#pragma once

#include <span>

#include "capture/ot/techniques.h"

namespace tapiary::capture::bacnet {

inline constexpr std::int32_t kConfirmedSub = 0;
inline constexpr std::int32_t kUnconfirmedSub = 1;
inline constexpr std::int32_t kNetworkSub = 2;
inline constexpr std::int32_t kBvlcSub = 3;
// Reinitialise device: by the state asked for.
constexpr std::int32_t ReinitializeSub(std::uint64_t state) {
  return 0x100 + static_cast<std::int32_t>(state & 0xff);
}
// A confirmed service on a device object.
constexpr std::int32_t DeviceSub(std::int32_t sub) {
  return sub == kConfirmedSub ? 0x200 : sub;
}

std::span<const TechniqueRow> Techniques();

}  // namespace tapiary::capture::bacnet
