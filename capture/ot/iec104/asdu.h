// IEC 60870-5-104 ASDU: its header, and where its information objects lie.
//
// Type 1, SQ and number of objects 1, cause 2 (test 0x80, negative 0x40; originator), common
// address 2, then address 3 and element of each object, or with SQ one address and consecutive
// elements; LE. Some links use the shorter fields of IEC 60870-5-101: tried when the standard's do
// not add up. Source: IEC 60870-5-101:2003 clause 7, IEC 60870-5-104:2006 clause 7. Pure; any
// thread.
#pragma once

#include <cstdint>

#include "base/byte_cursor.h"
#include "capture/ot/iec104/types.h"

namespace tapiary::capture::iec104 {

struct FieldSizes {
  std::uint8_t cause = 2;
  std::uint8_t common = 2;
  std::uint8_t object = 3;
};

struct Asdu {
  std::uint8_t type = 0;
  bool sequence = false;
  std::uint8_t count = 0;
  std::uint8_t cause = 0;
  bool negative = false;
  bool test = false;
  std::uint8_t originator = 0;
  std::uint16_t common = 0;
  bool has_cause = false;  // captured that far
  bool has_common = false;
  bool fits = false;  // its length is what type and count say
  FieldSizes sizes;
  const TypeInfo* info = nullptr;
  base::Bytes objects;  // addresses and elements, as far as captured
};

// `length`: of the ASDU as the APCI says; `bytes` may be shorter.
Asdu ReadAsdu(base::Bytes bytes, std::size_t length);
// False: the length is not what type and count say, for any known sizes of fields.
bool AddsUp(base::Bytes bytes, std::size_t length);

struct InformationObject {
  std::uint32_t address = 0;
  base::Bytes element;  // time tag included; shorter than its type says at the end of a cut ASDU
};
class ObjectWalk {
 public:
  explicit ObjectWalk(const Asdu& asdu) : asdu_(asdu), cursor_(asdu.objects) {}
  bool Next(InformationObject& object);

 private:
  const Asdu& asdu_;
  base::ByteCursor cursor_;
  std::uint32_t address_ = 0;
  unsigned done_ = 0;
};

}  // namespace tapiary::capture::iec104
