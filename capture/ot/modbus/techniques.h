// Modbus functions that are commands or tell of an attack; code: function, sub: sub-function.
#pragma once

#include <span>

#include "capture/ot/techniques.h"

namespace tapiary::capture::modbus {

std::span<const TechniqueRow> Techniques();

}  // namespace tapiary::capture::modbus
