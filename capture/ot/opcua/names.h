// Names of OPC UA services, status codes, attributes and well-known identifiers.
//
// Source: OPC 10000-6 (OPC UA Part 6, 1.05), annexes A.2 and A.3 (status codes, node ids as CSV
// tables). Services are the numeric ids of their binary encodings. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapiary::capture::opcua {

inline constexpr std::uint32_t kServiceFault = 397;
inline constexpr std::uint32_t kCloseSecureChannel = 452;
inline constexpr std::uint32_t kPublishRequest = 826;
inline constexpr std::uint32_t kPublishResponse = 829;

struct Service {
  std::uint32_t request = 0;  // the response has the number three above
  std::string_view name;      // "read"
};
// Of a request's or a response's id; nullptr for others.
const Service* FindService(std::uint32_t id);

// "good", "bad_user_access_denied", "0x80ab0000"
std::string StatusName(std::uint32_t status);
std::string AttributeName(std::uint32_t attribute);  // "value"
std::string_view SecurityModeName(std::uint32_t mode);

}  // namespace tapiary::capture::opcua
