// Names of CIP general status codes and of the Connection Manager's extended ones.
//
// Source: CIP Networks Library volume 1, appendix B-1 and table 3-5.33. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace tapiary::capture::cip {

inline constexpr std::uint8_t kStatusConnectionFailure = 0x01;
inline constexpr std::uint8_t kStatusPartialTransfer = 0x06;
inline constexpr std::uint8_t kStatusEmbeddedError = 0x1e;

// snake_case; empty for reserved codes.
std::string_view StatusName(std::uint8_t status);
// Of general status 1. Empty for codes that are not in the table.
std::string_view ConnectionStatusName(std::uint16_t extended);

}  // namespace tapiary::capture::cip
