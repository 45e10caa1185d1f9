// S7comm functions that matter to an analyst (ot/techniques.h). The code is a job's function, of
// userdata group << 8 | sub-function; the sub is the area, the block type or the PI service.
#pragma once

#include <span>

#include "capture/ot/techniques.h"

namespace tapiary::capture::s7comm {

std::span<const TechniqueRow> Techniques();

}  // namespace tapiary::capture::s7comm
