// IEC 60870-5-104 ASDU types and causes: names, sizes of one element, what is in it.
//
// Source: IEC 60870-5-101:2003 clause 7.3 and IEC 60870-5-104:2006 clause 8 (elements and time
// tags); types 41-44 and secure authentication (81-95) are not decoded. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace tapiary::capture::iec104 {

// The information element, without address and time tag.
enum class Element : std::uint8_t {
  kNone,
  kSingle,      // SIQ
  kDouble,      // DIQ
  kStep,        // VTI, QDS
  kBits,        // BSI, QDS
  kNormalised,  // NVA, QDS
  kScaled,      // SVA, QDS
  kFloat,       // IEEE STD 754, QDS
  kTotals,      // BCR
  kNormalisedNoQuality,
  kSingleCommand,  // SCO
  kDoubleCommand,  // DCO
  kStepCommand,    // RCO
  kSetNormalised,  // NVA, QOS
  kSetScaled,
  kSetFloat,
  kSetBits,    // BSI
  kQualifier,  // one octet that says more
  kOpaque,
};

enum class TimeTag : std::uint8_t { kNone, kShort, kLong };  // CP24Time2a, CP56Time2a

struct TypeInfo {
  std::uint8_t type = 0;
  std::uint8_t size = 0;  // of one element, time tag included
  Element element = Element::kOpaque;
  TimeTag time = TimeTag::kNone;
  std::string_view label;  // "C_SC_NA_1"
  std::string_view name;   // "single_command"
};

const TypeInfo* FindType(std::uint8_t type);       // nullptr: not in the standard
inline constexpr std::uint8_t kSegmentType = 125;  // its size is inside
// Types that a controlling station activates and a controlled one confirms.
bool IsCommandType(std::uint8_t type);

enum Cause : std::uint8_t {
  kRequest = 5,
  kActivation = 6,
  kActivationCon = 7,
  kDeactivation = 8,
  kDeactivationCon = 9,
  kTermination = 10,
  kUnknownType = 44,
  kUnknownAddress = 47,
};
std::string_view CauseName(std::uint8_t cause);  // empty: reserved

}  // namespace tapiary::capture::iec104
