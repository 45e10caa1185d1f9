// SLMP and MELSOFT commands: names and techniques. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "capture/ot/techniques.h"

namespace tapiary::capture::slmp {

// The row of a file opened for writing; of a device access by the engineering tool that carries
// more than the address.
inline constexpr std::int32_t kWriteSub = 1;

// "device_read"; empty for codes that are not known.
std::string_view OperationName(std::uint16_t command);
std::span<const TechniqueRow> Techniques();
// "D" for 0xa8; empty when not known.
std::string_view DeviceName(std::uint16_t code);
// X, Y, B, W and their like are numbered in hex.
bool DeviceIsHex(std::uint16_t code);

}  // namespace tapiary::capture::slmp
