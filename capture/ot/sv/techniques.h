// Technique rows of sampled values: by code 0x60 and event.
#pragma once

#include <span>

#include "capture/ot/techniques.h"

namespace tapiary::capture::sv {

std::span<const TechniqueRow> Techniques();

}  // namespace tapiary::capture::sv
