#include "capture/ot/iec104/elements.h"

#include <fmt/core.h>

#include <bit>

namespace tapiary::capture::iec104 {
namespace {

constexpr std::uint8_t kLowQuality = 0xf0;  // BL, SB, NT, IV: SIQ and DIQ have no OV

std::int64_t Signed16(base::ByteCursor& cursor) {
  return static_cast<std::int16_t>(cursor.U16Le());
}

void SetNumber(ElementValue& value, std::int64_t number) {
  value.number = number;
  value.text = std::to_string(number);
}

void SetFloat(ElementValue& value, std::uint32_t bits) {
  value.text = fmt::format("{:.7g}", static_cast<double>(std::bit_cast<float>(bits)));
}

void SetCommand(ElementValue& value, std::uint8_t octet, std::uint8_t qualifier) {
  value.command = true;
  value.select = (octet & 0x80) != 0;
  value.qualifier = qualifier;
}

void ReadStep(base::ByteCursor& cursor, ElementValue& value) {
  const int octet = cursor.U8() & 0x7f;
  SetNumber(value, octet >= 64 ? octet - 128 : octet);
  value.quality = cursor.U8();
}

void ReadMeasured(Element element, base::ByteCursor& cursor, ElementValue& value) {
  switch (element) {
    case Element::kBits:
      SetNumber(value, cursor.U32Le());
      break;
    case Element::kFloat:
      SetFloat(value, cursor.U32Le());
      break;
    default:
      SetNumber(value, Signed16(cursor));
      break;
  }
  value.quality = cursor.U8();
}

void ReadSetPoint(Element element, base::ByteCursor& cursor, ElementValue& value) {
  if (element == Element::kSetFloat) {
    SetFloat(value, cursor.U32Le());
  } else {
    SetNumber(value, Signed16(cursor));
  }
  const std::uint8_t octet = cursor.U8();
  SetCommand(value, octet, octet & 0x7f);
}

void ReadTotals(base::ByteCursor& cursor, ElementValue& value) {
  SetNumber(value, static_cast<std::int32_t>(cursor.U32Le()));
  value.quality = cursor.U8() & 0x80;  // IV; the rest is a sequence number, carry and adjusted
}

void ReadOctet(Element element, std::uint8_t octet, ElementValue& value) {
  const bool single = element == Element::kSingle || element == Element::kSingleCommand;
  const std::uint8_t mask = single ? 1 : 3;
  SetNumber(value, octet & mask);
  if (element == Element::kSingle || element == Element::kDouble) {
    value.quality = octet & kLowQuality;
  } else {
    SetCommand(value, octet, (octet >> 2) & 0x1f);
  }
}

}  // namespace

bool ReadElement(const TypeInfo& type, base::Bytes element, ElementValue& value) {
  value = {};
  if (element.size() < type.size) return false;
  base::ByteCursor cursor(element);
  switch (type.element) {
    case Element::kSingle:
    case Element::kDouble:
    case Element::kSingleCommand:
    case Element::kDoubleCommand:
    case Element::kStepCommand:
      ReadOctet(type.element, cursor.U8(), value);
      return true;
    case Element::kStep:
      ReadStep(cursor, value);
      return true;
    case Element::kBits:
    case Element::kNormalised:
    case Element::kScaled:
    case Element::kFloat:
      ReadMeasured(type.element, cursor, value);
      return true;
    case Element::kNormalisedNoQuality:
      SetNumber(value, Signed16(cursor));
      return true;
    case Element::kTotals:
      ReadTotals(cursor, value);
      return true;
    case Element::kSetNormalised:
    case Element::kSetScaled:
    case Element::kSetFloat:
      ReadSetPoint(type.element, cursor, value);
      return true;
    case Element::kSetBits:
      SetNumber(value, cursor.U32Le());
      return true;
    case Element::kQualifier:
      value.qualifier = cursor.U8();
      return true;
    case Element::kNone:
    case Element::kOpaque:
      return true;
  }
  return true;
}

std::string QualityText(std::uint8_t quality) {
  constexpr struct {
    std::uint8_t bit;
    std::string_view name;
  } kBits[] = {{0x01, "ov"}, {0x10, "bl"}, {0x20, "sb"}, {0x40, "nt"}, {0x80, "iv"}};
  std::string text;
  for (const auto& [bit, name] : kBits) {
    if ((quality & bit) == 0) continue;
    if (!text.empty()) text += ',';
    text += name;
  }
  return text;
}

std::string LongTimeText(const TypeInfo& type, base::Bytes element) {
  constexpr std::size_t kSize = 7;
  if (type.time != TimeTag::kLong || element.size() < type.size || element.size() < kSize)
    return {};
  base::ByteCursor cursor(element.subspan(type.size - kSize));
  const unsigned ms = cursor.U16Le();
  const unsigned minute = cursor.U8();
  const unsigned hour = cursor.U8();
  const unsigned day = cursor.U8() & 0x1f;
  const unsigned month = cursor.U8() & 0x0f;
  const unsigned year = cursor.U8() & 0x7f;
  if (day == 0 || month == 0 || month > 12 || year > 99) return {};  // no date
  return fmt::format("20{:02}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}{}{}", year, month, day,
                     hour & 0x1f, minute & 0x3f, ms / 1000, ms % 1000,
                     (minute & 0x80) != 0 ? " invalid" : "", (hour & 0x80) != 0 ? " summer" : "");
}

}  // namespace tapiary::capture::iec104
