// Names of CIP services and object classes.
//
// Service numbers from 0x32 on mean something else in every class (0x4D writes a tag, ends a file
// transfer, or carries firmware): they are never named without the class. Source: CIP Networks
// Library volume 1, appendix A and chapters 3, 5; Rockwell publication 1756-PM020 (tags, template).
// Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tapiary::capture::cip {

enum Service : std::uint8_t {
  kGetAttributesAll = 0x01,
  kSetAttributesAll = 0x02,
  kGetAttributeList = 0x03,
  kSetAttributeList = 0x04,
  kReset = 0x05,
  kStart = 0x06,
  kStop = 0x07,
  kCreate = 0x08,
  kDelete = 0x09,
  kMultipleServicePacket = 0x0a,
  kGetAttributeSingle = 0x0e,
  kSetAttributeSingle = 0x10,
  // Of tags (a symbol, or an instance of the Symbol class).
  kReadTag = 0x4c,
  kWriteTag = 0x4d,
  kReadModifyWriteTag = 0x4e,
  kReadTagFragmented = 0x52,
  kWriteTagFragmented = 0x53,
  kGetInstanceAttributeList = 0x55,
  // Of the Connection Manager.
  kForwardClose = 0x4e,
  kUnconnectedSend = 0x52,
  kForwardOpen = 0x54,
  kLargeForwardOpen = 0x5b,
  // Of the PCCC class.
  kExecutePccc = 0x4b,
};

enum ClassId : std::uint16_t {
  kIdentityClass = 0x01,
  kMessageRouterClass = 0x02,
  kConnectionManagerClass = 0x06,
  kFileClass = 0x37,
  kPcccClass = 0x67,
  kSymbolClass = 0x6b,
  kTemplateClass = 0x6c,
  kWallClockClass = 0x8b,
  kNonVolatileStorageClass = 0xa1,
  kTcpIpClass = 0xf5,
};

// What a request is addressed to, as far as names depend on it: a class, a tag, or (in a response
// whose request was not seen) nothing.
struct Target {
  std::optional<std::uint32_t> class_id;
  bool tag = false;
};

// True when reads and writes of this target are those of tags.
inline bool IsTag(const Target& target) {
  return target.tag || target.class_id == kSymbolClass;
}
// "class_specific_service" from 0x32 on where the class is not known or has no published name.
std::string_view ServiceName(std::uint8_t service, const Target& target);
// Empty when not known.
std::string_view ClassName(std::uint32_t class_id);

}  // namespace tapiary::capture::cip
