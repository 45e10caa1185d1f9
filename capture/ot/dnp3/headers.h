// DNP3 object headers: group, variation, qualifier, range or count, and the objects behind them.
//
// Source: IEEE 1815-2012, clause 4.2.2.7. Ranges and counts are hostile: what they claim is held
// against the bytes that are there before anything is done with it, and objects without size cost
// nothing however many there are (OT-09, OT-11). Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/byte_cursor.h"
#include "capture/ot/dnp3/objects.h"

namespace tapiary::capture::dnp3 {

struct ObjectHeader {
  std::uint8_t group = 0;
  std::uint8_t variation = 0;
  std::uint8_t qualifier = 0;
  bool all = false;          // qualifier 6: no range
  bool ranged = false;       // `first` is the begin of a range
  std::uint32_t first = 0;   // index
  std::uint64_t count = 0;   // of objects
  unsigned index_bytes = 0;  // of the index in front of each object
  unsigned size_bytes = 0;   // of the size in front of each object
  const ObjectLayout* layout = nullptr;
  base::Bytes objects;  // prefixes included; shorter than claimed when the fragment ends before
};

enum class HeaderResult : std::uint8_t {
  kHeader,
  kEnd,        // nothing left
  kTruncated,  // ends within the header or its objects; the header is filled as far as it goes
  kRange,      // stop before start
  kQualifier,  // no such qualifier: nothing behind it can be understood
  kUnknown,    // object of unknown size: nothing behind it can be understood
};

// Takes the next header with its objects. `with_data`: the function carries objects, not just
// their names. Nothing behind a result other than kHeader can be read.
HeaderResult NextHeader(base::ByteCursor& cursor, bool with_data, ObjectHeader& header);

// "12/1:5", "30/2:0-14", "60/1:all", "2/1:x3".
std::string ToText(const ObjectHeader& header);

struct Object {
  std::uint32_t index = 0;
  base::Bytes bytes;
  unsigned bit = 0;  // packed objects: where in bytes[0] it begins
};
// Goes through the objects that are there.
class ObjectWalk {
 public:
  explicit ObjectWalk(const ObjectHeader& header) : header_(header), cursor_(header.objects) {}
  bool Next(Object& object);

 private:
  const ObjectHeader& header_;
  base::ByteCursor cursor_;
  std::uint64_t done_ = 0;
};

}  // namespace tapiary::capture::dnp3
