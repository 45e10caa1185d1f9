// FINS commands: names and techniques. Source: Omron W342, section 5-1. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "capture/ot/techniques.h"

namespace tapiary::capture::fins {

// "memory_area_read"; empty for codes that the manual does not list.
std::string_view OperationName(std::uint16_t command);
std::span<const TechniqueRow> Techniques();

}  // namespace tapiary::capture::fins
