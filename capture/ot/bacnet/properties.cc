#include "capture/ot/bacnet/properties.h"

#include <fmt/format.h>

#include "capture/ot/bacnet/names.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::bacnet {
namespace {

// "property/unknown_property" from the two enumerations of an error group.
std::string ReadErrorGroup(base::ByteCursor& cursor, std::uint8_t number) {
  const Value value = ReadValue(cursor, number);
  if (value.numbers.size() != 2) return value.text;
  return ErrorClassName(static_cast<std::uint32_t>(value.numbers[0])) + "/" +
         ErrorCodeName(static_cast<std::uint32_t>(value.numbers[1]));
}

void TakeNumbers(const Value& value, PropertyList& out) {
  for (const std::int64_t number : value.numbers) {
    if (out.numbers.size() < kMaxNumbers) out.numbers.push_back(number);
  }
}

}  // namespace

void ReadPropertyList(base::ByteCursor& cursor, std::uint8_t number, ListForm form,
                      PropertyList& out) {
  const std::uint8_t base = form == ListForm::kAck ? 2 : 0;
  std::string item;  // the property at hand
  const auto finish = [&item, &out] {
    if (!item.empty()) AppendBounded(out.text, " ", item);
    item.clear();
  };
  Tag tag;
  while (ReadTag(cursor, tag)) {
    if (tag.closing) {
      finish();
      out.whole = out.whole && tag.number == number;
      return;
    }
    if (tag.IsContext(base)) {
      finish();
      ++out.properties;
      item = PropertyName(static_cast<std::uint32_t>(ToUnsigned(tag.content).value_or(0)));
      if (out.first_property.empty()) out.first_property = item;
    } else if (tag.IsContext(base + 1)) {
      item += fmt::format("[{}]", ToUnsigned(tag.content).value_or(0));
    } else if (tag.Opens(base + 2)) {
      const Value value = ReadValue(cursor, tag.number);
      item += "=" + value.text;
      TakeNumbers(value, out);
    } else if (form == ListForm::kAck && tag.Opens(base + 3)) {
      item += "=!" + ReadErrorGroup(cursor, tag.number);
      ++out.errors;
    } else if (form == ListForm::kRequest && tag.IsContext(base + 3)) {
      item += fmt::format("@{}", ToUnsigned(tag.content).value_or(0));
    } else {
      out.whole = false;
      if (tag.opening) (void)ReadValue(cursor, tag.number);
    }
  }
  finish();
  out.whole = false;
}

PropertyList ReadObjectList(base::Bytes bytes, ListForm form) {
  PropertyList out;
  base::ByteCursor cursor(bytes);
  Tag tag;
  while (cursor.remaining() > 0) {
    if (!ReadTag(cursor, tag)) {
      out.whole = false;
    } else if (tag.IsContext(0)) {
      const auto object = ToObject(tag.content);
      if (!object) out.whole = false;
      if (!out.first_object) out.first_object = object;
      ++out.objects;
      AppendBounded(out.text, "; ", FormatObject(object.value_or(ObjectId{})));
    } else if (tag.Opens(1)) {
      ReadPropertyList(cursor, 1, form, out);
    } else {
      out.whole = false;
    }
  }
  return out;
}

}  // namespace tapiary::capture::bacnet
