#include "capture/ot/hartip/data.h"

#include <fmt/format.h>

#include <bit>
#include <string>
#include <string_view>

#include "base/text.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::hartip {
namespace {

void AddFloat(Transaction& out, std::string_view key, base::ByteCursor& cursor) {
  if (cursor.remaining() < 4) return;
  AddDetail(out, key, fmt::format("{:.6g}", std::bit_cast<float>(cursor.U32Be())));
}

// Spaces and zeros at the end say nothing.
void AddText(Transaction& out, std::string_view key, std::string text) {
  text.erase(text.find_last_not_of(std::string_view(" \0", 2)) + 1);
  if (!text.empty()) AddDetail(out, key, text);
}

// Packed ASCII: four characters of six bits in three bytes; bit 6 is the inverse of bit 5.
void AddPacked(Transaction& out, std::string_view key, base::Bytes bytes) {
  std::string text;
  base::ByteCursor cursor(bytes);
  while (cursor.remaining() >= 3) {
    const std::uint32_t four = cursor.U24Be();
    for (const unsigned shift : {18u, 12u, 6u, 0u}) {
      const std::uint32_t six = (four >> shift) & 0x3f;
      text.push_back(static_cast<char>((six & 0x20) != 0 ? six : six | 0x40));
    }
  }
  AddText(out, key, std::move(text));
}

void DecodeIdentity(base::ByteCursor& cursor, Transaction& out) {
  cursor.Skip(1);  // 254
  AddDetail(out, "device_type", fmt::format("0x{:04x}", cursor.U16Be()));
  cursor.Skip(1);  // preambles
  AddNumber(out, "hart_revision", cursor.U8());
  AddNumber(out, "device_revision", cursor.U8());
  AddNumber(out, "software_revision", cursor.U8());
  cursor.Skip(2);  // hardware revision and signalling, flags
  AddDetail(out, "device_id", base::ToHex(cursor.Take(3)));
}

void DecodeTag(base::ByteCursor& cursor, Transaction& out) {
  AddPacked(out, "tag", cursor.Take(6));
  AddPacked(out, "descriptor", cursor.Take(12));
  const std::uint8_t day = cursor.U8();
  const std::uint8_t month = cursor.U8();
  AddDetail(out, "date", fmt::format("{:04}-{:02}-{:02}", 1900 + cursor.U8(), month, day));
}

void DecodeVariables(base::ByteCursor& cursor, Transaction& out) {
  AddFloat(out, "loop_current", cursor);
  for (const std::string_view name : {"pv", "sv", "tv", "qv"}) {
    if (cursor.remaining() < 5) return;
    AddNumber(out, std::string(name) + "_unit", cursor.U8());
    AddFloat(out, name, cursor);
  }
}

void DecodeRange(base::ByteCursor& cursor, Transaction& out) {
  AddNumber(out, "range_unit", cursor.U8());
  AddFloat(out, "upper_range", cursor);
  AddFloat(out, "lower_range", cursor);
}

std::string Text(base::Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

// How many bytes the fields read below take; 0: the command is not one of them, or has none in this
// direction.
std::size_t SizeOf(std::uint16_t command, bool response) {
  switch (command) {
    case 0:
      return response ? 12 : 0;
    case 11:
      return response ? 12 : 6;
    case 21:
      return response ? 12 : 32;
    case 1:
      return response ? 5 : 0;
    case 2:
      return response ? 8 : 0;
    case 3:
      return response ? 9 : 0;
    case 6:
    case 44:
      return 1;
    case 12:
      return response ? 24 : 0;
    case 13:
      return response ? 21 : 0;
    case 17:
      return 24;
    case 18:
      return 21;
    case 20:
      return response ? 32 : 0;
    case 22:
      return 32;
    case 34:
    case 40:
    case 45:
    case 46:
      return 4;
    case 35:
      return 9;
    default:
      return 0;
  }
}

void DecodeKnown(std::uint16_t command, bool response, base::ByteCursor& cursor, Transaction& out) {
  switch (command) {
    case 0:
      return DecodeIdentity(cursor, out);
    case 11:
      if (response) return DecodeIdentity(cursor, out);
      return AddPacked(out, "tag", cursor.Take(6));
    case 21:
      if (response) return DecodeIdentity(cursor, out);
      return AddText(out, "long_tag", Text(cursor.Take(32)));
    case 1:
      AddNumber(out, "pv_unit", cursor.U8());
      return AddFloat(out, "pv", cursor);
    case 2:
      AddFloat(out, "loop_current", cursor);
      return AddFloat(out, "percent_of_range", cursor);
    case 3:
      return DecodeVariables(cursor, out);
    case 6:
      return AddNumber(out, "polling_address", cursor.U8());
    case 44:
      return AddNumber(out, "pv_unit", cursor.U8());
    case 12:
    case 17:
      return AddPacked(out, "message_text", cursor.Take(24));
    case 13:
    case 18:
      return DecodeTag(cursor, out);
    case 20:
    case 22:
      return AddText(out, "long_tag", Text(cursor.Take(32)));
    case 34:
      return AddFloat(out, "damping", cursor);
    case 40:
    case 45:
    case 46:
      return AddFloat(out, "loop_current", cursor);
    default:
      return DecodeRange(cursor, out);  // 35
  }
}

}  // namespace

void DecodeData(std::uint16_t command, bool response, base::Bytes data, Transaction& out) {
  const std::size_t size = SizeOf(command, response);
  base::ByteCursor cursor(data);
  if (size != 0 && data.size() >= size) DecodeKnown(command, response, cursor, out);
  AddHex(out, response ? "response_data" : "data", cursor.rest());
}

}  // namespace tapiary::capture::hartip
