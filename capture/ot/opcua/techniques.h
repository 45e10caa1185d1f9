// OPC UA services that are commands or tell of reconnaissance; code: the request's type id.
#pragma once

#include <span>

#include "capture/ot/techniques.h"

namespace tapiary::capture::opcua {

// Sub of activate_session with another identity than anonymous.
inline constexpr std::int32_t kNamedUser = 1;

std::span<const TechniqueRow> Techniques();

}  // namespace tapiary::capture::opcua
