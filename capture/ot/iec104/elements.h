// IEC 60870-5-104 information elements: values, quality, qualifiers and time tags.
//
// Source: IEC 60870-5-101:2003 clause 7.2.6. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/byte_cursor.h"
#include "capture/ot/iec104/types.h"

namespace tapiary::capture::iec104 {

struct ElementValue {
  std::optional<std::int64_t> number;  // nothing for floats and what has no value
  std::string text;                    // "1", "-32768", "12.5"; normalised: as on the wire
  std::uint8_t quality = 0;            // QDS bits: OV 1, BL 0x10, SB 0x20, NT 0x40, IV 0x80
  bool command = false;                // has S/E and qualifier
  bool select = false;
  std::uint8_t qualifier = 0;
};

// False: too short for its type.
bool ReadElement(const TypeInfo& type, base::Bytes element, ElementValue& value);
// "iv,nt"; empty for good quality.
std::string QualityText(std::uint8_t quality);
// The long time tag at the end of an element; empty: none, or no date. "2026-01-02T03:04:05.006",
// with " invalid" or " summer" as the tag says. Local time of the station, as a rule.
std::string LongTimeText(const TypeInfo& type, base::Bytes element);

}  // namespace tapiary::capture::iec104
