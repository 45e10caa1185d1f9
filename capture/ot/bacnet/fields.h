// The parameters of each BACnet service: which tag is what. Data, no code of its own.
//
// A service's request, or its complex ack, is a row of context tags (number: the tag's) and
// application tags (number: the position). Lists of properties are in properties.h. Source:
// ANSI/ASHRAE 135-2020, clauses 13-17 and 21. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "capture/ot/bacnet/tags.h"

namespace tapiary::capture::bacnet {

// Which table of services.
enum class Pdu : std::uint8_t { kConfirmed, kUnconfirmed, kAck };

// What a field is, beyond its type.
enum class Meaning : std::uint8_t {
  kPlain,
  kProperty,       // a property identifier
  kObjectType,     // an object type
  kEnableDisable,  // names.h
  kReinitialize,
  kSegmentation,
  kValue,       // a group: what is written or was read
  kFile,        // a group: position, and octets or a count
  kProperties,  // a group: a list of property values
  kGroup,       // any other group
};

struct Field {
  Pdu pdu;
  std::uint8_t service;
  bool context;
  std::uint8_t number;
  std::string_view key;
  Type type;
  Meaning meaning = Meaning::kPlain;
};

// nullptr: not known.
const Field* FindField(Pdu pdu, std::uint8_t service, bool context, std::uint8_t number);

}  // namespace tapiary::capture::bacnet
