// Technique rows of GOOSE: by code (0x61: GOOSE, 0x101 to 0x104: management) and event.
#pragma once

#include <span>

#include "capture/ot/techniques.h"

namespace tapiary::capture::goose {

std::span<const TechniqueRow> Techniques();

}  // namespace tapiary::capture::goose
