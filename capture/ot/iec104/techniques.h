// IEC 104 types and U frames that are commands, and the techniques behind them.
//
// Codes are ASDU types; `sub` is the freeze field of counter interrogations, kUFrame for U frames
// (code: the control octet).
#pragma once

#include "capture/ot/techniques.h"

namespace tapiary::capture::iec104 {

inline constexpr std::int32_t kUFrame = 1000;
inline constexpr std::int32_t kNoSub = 1001;

std::span<const TechniqueRow> Techniques();

}  // namespace tapiary::capture::iec104
