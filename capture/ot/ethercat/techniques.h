// Technique rows of EtherCAT: by code (ethercat::Code) and its sub.
#pragma once

#include <span>

#include "capture/ot/techniques.h"

namespace tapiary::capture::ethercat {

std::span<const TechniqueRow> Techniques();

}  // namespace tapiary::capture::ethercat
