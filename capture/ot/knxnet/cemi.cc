#include "capture/ot/knxnet/cemi.h"

#include <fmt/format.h>

#include <string>
#include <string_view>

#include "capture/ot/detail.h"

namespace tapiary::capture::knxnet {
namespace {

constexpr std::uint8_t kRequest = 0x11;  // L_Data.req
constexpr std::size_t kMaxValues = 16;

struct Name {
  std::uint16_t code;
  std::string_view name;
};
constexpr Name kMessages[] = {
    {0x11, "l_data_req"},       {0x29, "l_data_ind"},      {0x2e, "l_data_con"},
    {0xf0, "m_reset_ind"},      {0xf1, "m_reset_req"},     {0xf5, "m_prop_write_con"},
    {0xf6, "m_prop_write_req"}, {0xf7, "m_prop_info_ind"}, {0xfb, "m_prop_read_con"},
    {0xfc, "m_prop_read_req"},
};
// With 4 bits the low 6 are data and masked; the others have all 10 bits.
constexpr Name kServices[] = {
    {0x000, "group_value_read"},
    {0x040, "group_value_response"},
    {0x080, "group_value_write"},
    {0x0c0, "individual_address_write"},
    {0x100, "individual_address_read"},
    {0x140, "individual_address_response"},
    {0x180, "adc_read"},
    {0x1c0, "adc_response"},
    {0x200, "memory_read"},
    {0x240, "memory_response"},
    {0x280, "memory_write"},
    {0x2c0, "user_memory_read"},
    {0x2c1, "user_memory_response"},
    {0x2c2, "user_memory_write"},
    {0x300, "device_descriptor_read"},
    {0x340, "device_descriptor_response"},
    {0x380, "restart"},
    {0x3d1, "authorize_request"},
    {0x3d2, "authorize_response"},
    {0x3d3, "key_write"},
    {0x3d4, "key_response"},
    {0x3d5, "property_value_read"},
    {0x3d6, "property_value_response"},
    {0x3d7, "property_value_write"},
    {0x3d8, "property_description_read"},
    {0x3d9, "property_description_response"},
    {0x3de, "individual_address_serial_number_write"},
    {0x3e0, "domain_address_write"},
    {0x3f1, "secure_service"},
};

constexpr TechniqueRow kTechniques[] = {
    {kAnySub, 0x080, true, "T0855"},             // group_value_write
    {kAnySub, 0x0c0, true, "T0836"},             // individual_address_write
    {kAnySub, 0x280, true, "T0836"},             // memory_write
    {kAnySub, 0x2c2, true, "T0836"},             // user_memory_write
    {kAnySub, 0x380, true, "T0816"},             // restart
    {kAnySub, 0x3d1, false, "T0859"},            // authorize_request
    {kAnySub, 0x3d3, true, "T0892"},             // key_write
    {kAnySub, 0x3d7, true, "T0836"},             // property_value_write
    {kAnySub, 0x3de, true, "T0836"},             // individual_address_serial_number_write
    {kAnySub, 0x3e0, true, "T0836"},             // domain_address_write
    {kAnySub, 0x300, false, "T0888"},            // device_descriptor_read
    {kAnySub, kCemiBase + 0xf6, true, "T0836"},  // m_prop_write_req
    {kAnySub, kCemiBase + 0xf1, true, "T0816"},  // m_reset_req
    {0x0201, kAnySub, false, "T0846"},           // search_request
    {0x020b, kAnySub, false, "T0846"},           // search_request_extended
    {0x0203, kAnySub, false, "T0888"},           // description_request
    {0x0742, kAnySub, true, "T0836"},            // remote_basic_configuration_request
    {0x0743, kAnySub, true, "T0816"},            // remote_reset_request
};

std::string_view Find(std::span<const Name> names, std::uint16_t code) {
  for (const Name& known : names) {
    if (known.code == code) return known.name;
  }
  return {};
}

std::uint16_t Normal(std::uint16_t apci) {
  const std::uint16_t high = apci & 0x3c0;
  return high == 0x2c0 || high == 0x3c0 ? apci : high;
}

void Operate(std::string_view name, std::int32_t sub, bool orders, Transaction& out) {
  AddDetail(out, "service", out.operation);
  out.operation = name;
  if (!orders) return;
  const Technique technique = FindTechnique(Techniques(), kAnySub, sub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

std::string Individual(std::uint16_t address) {
  return fmt::format("{}.{}.{}", address >> 12, address >> 8 & 0xf, address & 0xff);
}
std::string Group(std::uint16_t address) {
  return fmt::format("{}/{}/{}", address >> 11, address >> 8 & 7, address & 0xff);
}

void AddData(std::uint16_t apci, base::Bytes data, Transaction& out) {
  const std::uint16_t service = Normal(apci);
  const bool group = service == 0x040 || service == 0x080;
  if (group && data.empty()) out.values.push_back(apci & 0x3f);  // six bits are in the APCI
  if (!group) return AddHex(out, "data", data);
  for (const std::uint8_t byte : data) {
    if (out.values.size() < kMaxValues) out.values.push_back(byte);
  }
}

void DecodeData(base::ByteCursor& cursor, bool orders, bool cut, Transaction& out) {
  cursor.Skip(1);  // control 1
  const bool group = (cursor.U8() & 0x80) != 0;
  const std::uint16_t source = cursor.U16Be();
  const std::uint16_t destination = cursor.U16Be();
  const std::uint8_t length = cursor.U8();  // behind TPCI
  const std::uint8_t tpci = cursor.U8();
  if (cursor.failed()) {
    if (!cut) AddAnomaly(out, "knxnet-cemi");
    return;
  }
  out.address = destination;
  AddDetail(out, "source", Individual(source));
  AddDetail(out, "destination", group ? Group(destination) : Individual(destination));
  if ((tpci & 0x80) != 0 || length == 0) return;  // transport control: connect, acknowledge
  const std::uint16_t apci = static_cast<std::uint16_t>((tpci & 3) << 8 | cursor.U8());
  const base::Bytes data = cursor.Take(length - 1u);
  if (cursor.failed()) {
    if (!cut) AddAnomaly(out, "knxnet-cemi");
    return;
  }
  const std::string_view name = Find(kServices, Normal(apci));
  Operate(name.empty() ? "unknown_service" : name, Normal(apci), orders, out);
  AddNumber(out, "apci", apci);
  AddData(apci, data, out);
}

void DecodeProperty(base::ByteCursor& cursor, bool cut, Transaction& out) {
  const std::uint16_t object = cursor.U16Be();
  const std::uint8_t instance = cursor.U8();
  const std::uint8_t property = cursor.U8();
  const std::uint16_t count_start = cursor.U16Be();
  if (cursor.failed()) {
    if (!cut) AddAnomaly(out, "knxnet-cemi");
    return;
  }
  AddNumber(out, "object", object);
  AddNumber(out, "instance", instance);
  AddNumber(out, "property", property);
  out.address = count_start & 0xfffu;
  out.quantity = count_start >> 12;
  AddHex(out, "data", cursor.rest());
}

}  // namespace

void DecodeCemi(base::Bytes bytes, bool cut, bool orders, Transaction& out) {
  base::ByteCursor cursor(bytes);
  const std::uint8_t code = cursor.U8();
  if (cursor.failed()) {
    if (!cut) AddAnomaly(out, "knxnet-cemi");
    return;
  }
  const std::string_view name = Find(kMessages, code);
  AddDetail(out, "message", name.empty() ? fmt::format("0x{:02x}", code) : std::string(name));
  if (code == kRequest || code == 0x29 || code == 0x2e) {
    cursor.Skip(cursor.U8());
    return DecodeData(cursor, orders || code == kRequest, cut, out);
  }
  if (code < 0xf0 || name.empty()) return AddHex(out, "data", cursor.rest());
  Operate(name, kCemiBase + code, true, out);
  if (code >= 0xf5) DecodeProperty(cursor, cut, out);
}

std::span<const TechniqueRow> Techniques() {
  return kTechniques;
}

}  // namespace tapiary::capture::knxnet
