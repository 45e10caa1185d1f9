// DNP3 objects: how many bits an object of a group and variation has, and what is in it.
//
// Source: IEEE 1815-2012, annex A and clause 11. Variable objects (files, authentication, strings)
// have their size in the header before them. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace tapiary::capture::dnp3 {

// What is in an object. `k...F`: a flags octet in front; `k...S`: a control status behind.
enum class Form : std::uint8_t {
  kOpaque,  // size known, content not shown
  kBit,
  kBit2,
  kFlags,   // binary state in bit 7 of the flags
  kFlags2,  // double-bit state in the two high bits
  kSigned,
  kUnsigned,
  kReal,
  kSignedF,
  kUnsignedF,
  kRealF,
  kSignedS,
  kRealS,
  kCrob,
  kTime,
};

struct ObjectLayout {
  std::uint8_t group = 0;
  std::uint8_t variation = 0;
  std::uint16_t bits = 0;  // of the whole object
  std::uint8_t value = 0;  // bytes of the value itself (numbers)
  Form form = Form::kOpaque;
};

// nullptr: not known. Strings (groups 110-113) are as long as their variation says: see
// IsStringGroup.
const ObjectLayout* FindObject(std::uint8_t group, std::uint8_t variation);
bool IsStringGroup(std::uint8_t group);

}  // namespace tapiary::capture::dnp3
