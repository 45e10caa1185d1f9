#include "capture/ot/modbus/identification.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "base/text.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::modbus {
namespace {

constexpr std::uint8_t kMeiCanopen = 13;

std::string ObjectName(std::uint8_t id) {
  static constexpr std::string_view kNames[] = {
      "vendor_name",  "product_code", "major_minor_revision",  "vendor_url",
      "product_name", "model_name",   "user_application_name",
  };
  if (id < std::size(kNames)) return std::string(kNames[id]);
  return fmt::format("object_0x{:02x}", id);
}

std::string TakeText(base::ByteCursor& cursor, std::size_t size) {
  return std::string(base::AsText(cursor.Take(std::min(size, cursor.remaining()))));
}

}  // namespace

void DecodeServerId(base::ByteCursor& cursor, Transaction& out) {
  if (cursor.remaining() < 1) return;
  const std::size_t size = cursor.U8();
  if (size != cursor.remaining()) AddAnomaly(out, "modbus-count-mismatch");
  AddDetail(out, "server_id", TakeText(cursor, size));
}

void DecodeIdentification(base::ByteCursor& cursor, Transaction& out) {
  if (cursor.remaining() < 1) return;
  const std::uint8_t mei = cursor.U8();
  if (mei == kMeiCanopen || cursor.remaining() < 5) {
    if (cursor.remaining() > 0) {
      AddDetail(out, "response_data", base::ToHex(cursor.rest()), 2 * cursor.remaining());
    }
    return;
  }
  if (out.operation == "encapsulated_interface_transport") {  // no request told
    out.operation = "read_device_identification";
    AddNumber(out, "mei_type", mei);
    AddNumber(out, "read_code", cursor.U8());
  } else {
    cursor.Skip(1);
  }
  AddDetail(out, "conformity", fmt::format("0x{:02x}", cursor.U8()));
  AddDetail(out, "more_follows", cursor.U8() != 0 ? "true" : "false");
  AddNumber(out, "next_object_id", cursor.U8());
  const std::size_t count = cursor.U8();
  std::size_t seen = 0;
  for (; seen < count && cursor.remaining() >= 2; ++seen) {
    const std::uint8_t id = cursor.U8();
    const std::size_t size = cursor.U8();
    std::string name = ObjectName(id);
    // Members of a JSON object are unique.
    if (FindDetail(out, name) != nullptr) name += fmt::format("_{}", seen);
    const bool whole = size <= cursor.remaining();
    AddDetail(out, name, TakeText(cursor, size));
    if (!whole) break;
  }
  if (seen != count) AddAnomaly(out, "modbus-count-mismatch");
}

}  // namespace tapiary::capture::modbus
