// DNP3 functions that are commands, and the techniques behind functions. Codes are application
// functions; `sub` is the group of the first object for
// function 2 (write), the mode for 25 (open file).
#pragma once

#include "capture/ot/techniques.h"

namespace tapiary::capture::dnp3 {

std::span<const TechniqueRow> Techniques();

}  // namespace tapiary::capture::dnp3
