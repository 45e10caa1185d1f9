#include "capture/ot/modbus/identification.h"

#include <fmt/core.h>

#include <algorithm>
#include <string>

#include "base/text.h"

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
  if (size != cursor.remaining()) out.anomalies.emplace_back("modbus-count-mismatch");
  out.detail.emplace_back("server_id", TakeText(cursor, size));
}

void DecodeIdentification(base::ByteCursor& cursor, Transaction& out) {
  if (cursor.remaining() < 1) return;
  const std::uint8_t mei = cursor.U8();
  if (mei == kMeiCanopen || cursor.remaining() < 5) {
    if (cursor.remaining() > 0) {
      out.detail.emplace_back("response_data", base::ToHex(cursor.Take(cursor.remaining())));
    }
    return;
  }
  if (out.operation == "encapsulated_interface_transport") {  // no request told
    out.operation = "read_device_identification";
    out.detail.emplace_back("mei_type", fmt::format("{}", mei));
    out.detail.emplace_back("read_code", fmt::format("{}", cursor.U8()));
  } else {
    cursor.Skip(1);
  }
  out.detail.emplace_back("conformity", fmt::format("0x{:02x}", cursor.U8()));
  out.detail.emplace_back("more_follows", cursor.U8() != 0 ? "true" : "false");
  out.detail.emplace_back("next_object_id", fmt::format("{}", cursor.U8()));
  const std::size_t count = cursor.U8();
  std::size_t seen = 0;
  for (; seen < count && cursor.remaining() >= 2; ++seen) {
    const std::uint8_t id = cursor.U8();
    const std::size_t size = cursor.U8();
    std::string name = ObjectName(id);
    const bool again = std::any_of(out.detail.begin(), out.detail.end(),
                                   [&name](const auto& entry) { return entry.first == name; });
    if (again) name += fmt::format("_{}", seen);  // members of a JSON object are unique
    const bool whole = size <= cursor.remaining();
    out.detail.emplace_back(std::move(name), TakeText(cursor, size));
    if (!whole) break;
  }
  if (seen != count) out.anomalies.emplace_back("modbus-count-mismatch");
}

}  // namespace tapiary::capture::modbus
