// C37.118 commands and the techniques behind them. Codes are command words.
#pragma once

#include "capture/ot/techniques.h"

namespace tapiary::capture::synchrophasor {

std::span<const TechniqueRow> Techniques();

}  // namespace tapiary::capture::synchrophasor
