#include "capture/ot/dnp3/points.h"

#include <fmt/core.h>

#include <bit>
#include <cmath>
#include <string_view>

#include "capture/ot/detail.h"

namespace tapiary::capture::dnp3 {
namespace {

constexpr std::string_view kOperations[] = {"nul",      "pulse_on",  "pulse_off",
                                            "latch_on", "latch_off", "operation_5"};

std::string_view PrefixOf(std::uint8_t group) {
  if (group <= 2) return "bi";
  if (group <= 4) return "di";
  if (group >= 10 && group <= 13) return "bo";
  if (group == 20 || group == 22) return "ct";
  if (group == 21 || group == 23) return "fc";
  if (group >= 30 && group <= 33) return "ai";
  if (group == 34) return "deadband";
  if (group >= 40 && group <= 43) return "ao";
  return group == 80 ? "iin" : "p";
}

std::int64_t TakeSigned(base::ByteCursor& cursor, unsigned bytes) {
  if (bytes == 2) return static_cast<std::int16_t>(cursor.U16Le());
  return static_cast<std::int32_t>(cursor.U32Le());
}

double TakeReal(base::ByteCursor& cursor, unsigned bytes) {
  if (bytes == 8) return std::bit_cast<double>(cursor.U64Le());
  return static_cast<double>(std::bit_cast<float>(cursor.U32Le()));
}

std::uint64_t TakeUnsigned(base::ByteCursor& cursor, unsigned bytes) {
  return bytes == 1 ? cursor.U8() : bytes == 2 ? cursor.U16Le() : cursor.U32Le();
}

std::int64_t Whole(double real) {
  if (!(std::abs(real) < 9.0e18)) return 0;  // NaN as well
  return static_cast<std::int64_t>(real);
}

// Empty: nothing to show.
std::string ValueText(const ObjectLayout& layout, const Object& object) {
  base::ByteCursor cursor(object.bytes);
  const unsigned first = object.bytes[0];
  switch (layout.form) {
    case Form::kBit:
      return std::to_string((first >> object.bit) & 1);
    case Form::kBit2:
      return std::to_string((first >> object.bit) & 3);
    case Form::kFlags:
      return std::to_string(first >> 7);
    case Form::kFlags2:
      return std::to_string(first >> 6);
    case Form::kSignedF:
      cursor.Skip(1);
      [[fallthrough]];
    case Form::kSigned:
      return std::to_string(TakeSigned(cursor, layout.value));
    case Form::kUnsignedF:
      cursor.Skip(1);
      [[fallthrough]];
    case Form::kUnsigned:
      return std::to_string(TakeUnsigned(cursor, layout.value));
    case Form::kRealF:
      cursor.Skip(1);
      [[fallthrough]];
    case Form::kReal:
      return fmt::format("{:.7g}", TakeReal(cursor, layout.value));
    default:
      return {};
  }
}

void ReadCrob(const Object& object, Control& control) {
  base::ByteCursor cursor(object.bytes);
  const std::uint8_t code = cursor.U8();
  const unsigned count = cursor.U8();
  const std::uint32_t on = cursor.U32Le();
  const std::uint32_t off = cursor.U32Le();
  control.status = cursor.U8() & 0x7f;
  control.value = code;
  const unsigned operation = code & 0x0f;
  control.text = operation < std::size(kOperations)
                     ? fmt::format("{}:{}", control.index, kOperations[operation])
                     : fmt::format("{}:operation_{}", control.index, operation);
  const unsigned trip_close = code >> 6;
  if (trip_close == 1) control.text += " close";
  if (trip_close == 2) control.text += " trip";
  if ((code & 0x20) != 0) control.text += " clear";
  if ((code & 0x10) != 0) control.text += " queue";
  control.text += fmt::format(" count={} on={} off={}", count, on, off);
}

}  // namespace

void AddPoints(const ObjectHeader& header, std::string& points) {
  if (header.layout == nullptr || header.layout->form == Form::kOpaque) return;
  const std::string_view prefix = PrefixOf(header.group);
  ObjectWalk walk(header);
  Object object;
  while (walk.Next(object)) {
    if (object.bytes.size() * 8 < header.layout->bits && header.layout->bits >= 8) return;
    if (object.bytes.empty()) return;
    const std::string value = ValueText(*header.layout, object);
    if (value.empty()) return;
    if (!AppendBounded(points, " ", fmt::format("{}{}={}", prefix, object.index, value))) return;
  }
}

bool IsControl(const ObjectHeader& header) {
  if (header.layout == nullptr) return false;
  return header.layout->form == Form::kCrob || header.layout->form == Form::kSignedS ||
         header.layout->form == Form::kRealS;
}

bool ReadControl(const ObjectHeader& header, const Object& object, Control& control) {
  if (object.bytes.size() * 8 < header.layout->bits) return false;
  control = {};
  control.index = object.index;
  if (header.layout->form == Form::kCrob) {
    ReadCrob(object, control);
    return true;
  }
  base::ByteCursor cursor(object.bytes);
  if (header.layout->form == Form::kSignedS) {
    control.value = TakeSigned(cursor, header.layout->value);
    control.text = fmt::format("{}={}", control.index, control.value);
  } else {
    const double real = TakeReal(cursor, header.layout->value);
    control.value = Whole(real);
    control.text = fmt::format("{}={:.7g}", control.index, real);
  }
  control.status = cursor.U8() & 0x7f;
  return true;
}

}  // namespace tapiary::capture::dnp3
