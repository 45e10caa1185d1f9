// BACnet's lists of properties: what read and write property multiple and COV notifications carry.
//
// Any number of objects and properties; the text keeps within kMaxDetailBytes, the counts are of
// all. Source: ANSI/ASHRAE 135-2020, clauses 13.1, 15.7, 15.10. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "capture/ot/bacnet/tags.h"

namespace tapiary::capture::bacnet {

struct PropertyList {
  std::string text;  // "analog_input:1 present_value=3.5 priority_array[8]; device:2 all"
  std::size_t objects = 0;
  std::size_t properties = 0;
  std::size_t errors = 0;             // properties with an error instead of a value
  std::vector<std::int64_t> numbers;  // of all values, at most kMaxNumbers
  std::optional<ObjectId> first_object;
  std::string first_property;
  bool whole = true;  // well-formed to the end
};

// Where the fields of a property are: requests and COV have property, index, value, priority at 0
// to 3; the ack of read property multiple has property, index, value, error at 2 to 5.
enum class ListForm : std::uint8_t { kRequest, kAck };
// A list of objects, each with its properties in group 1, to the end of the bytes.
PropertyList ReadObjectList(base::Bytes bytes, ListForm form);
// The properties of one object up to the closing tag `number`, which is consumed.
void ReadPropertyList(base::ByteCursor& cursor, std::uint8_t number, ListForm form,
                      PropertyList& out);

}  // namespace tapiary::capture::bacnet
