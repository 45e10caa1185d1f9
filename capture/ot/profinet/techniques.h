// Technique rows of PROFINET: DCP (code: service, sub: option and suboption), RT (code: kind of
// event), CM (code: operation).
#pragma once

#include <span>

#include "capture/ot/techniques.h"

namespace tapiary::capture::profinet {

std::span<const TechniqueRow> DcpTechniques();
std::span<const TechniqueRow> RtTechniques();
std::span<const TechniqueRow> CmTechniques();

}  // namespace tapiary::capture::profinet
