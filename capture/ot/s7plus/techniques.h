// S7comm-plus functions that matter to an analyst (ot/techniques.h). Sub 1: about the session's own
// object, which every client does to log on and off.
#pragma once

#include <span>

#include "capture/ot/techniques.h"

namespace tapiary::capture::s7plus {

inline constexpr std::int32_t kOwnSession = 1;

std::span<const TechniqueRow> Techniques();

}  // namespace tapiary::capture::s7plus
