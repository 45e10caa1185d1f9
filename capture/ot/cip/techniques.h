// CIP services and EtherNet/IP commands that matter to an analyst (ot/techniques.h).
//
// The code is the service (or the command), the sub-code what it acts on: a class, or one of the
// numbers below, which lie beyond the 16-bit class numbers. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>

#include "capture/ot/techniques.h"

namespace tapiary::capture::cip {

inline constexpr std::int32_t kOnTag = 0x10000;
inline constexpr std::int32_t kFactoryReset = 0x10001;
inline constexpr std::int32_t kIoOwner = 0x10002;
inline constexpr std::int32_t kEncapsulation = 0x20000;          // the code is a command
inline constexpr std::int32_t kEncapsulationDatagram = 0x20001;  // which came by UDP
inline constexpr std::int32_t kPccc = 0x30000;                   // plus command and function

std::span<const TechniqueRow> Techniques();

}  // namespace tapiary::capture::cip
