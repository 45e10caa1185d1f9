#include "capture/ot/profinet/dcp_block.h"

#include <fmt/core.h>

#include "capture/ot/detail.h"
#include "capture/ot/layer2/fields.h"

namespace tapiary::capture::profinet {
namespace {

constexpr std::size_t kMaxListed = 64;

struct Option {
  std::uint8_t option;
  std::uint8_t suboption;
  std::string_view name;
};

constexpr Option kOptions[] = {
    {1, 1, "mac_address"},
    {1, 2, "ip_parameter"},
    {1, 3, "full_ip_suite"},
    {2, 1, "manufacturer_specific"},
    {2, 2, "name_of_station"},
    {2, 3, "device_id"},
    {2, 4, "device_role"},
    {2, 5, "device_options"},
    {2, 6, "alias_name"},
    {2, 7, "device_instance"},
    {2, 8, "oem_device_id"},
    {2, 9, "standard_gateway"},
    {2, 10, "rsi_properties"},
    {3, 12, "dhcp_host_name"},
    {3, 43, "dhcp_vendor"},
    {3, 54, "dhcp_server"},
    {3, 55, "dhcp_parameters"},
    {3, 60, "dhcp_class"},
    {3, 61, "dhcp_client_id"},
    {3, 81, "dhcp_fqdn"},
    {3, 97, "dhcp_uuid"},
    {3, 255, "dhcp_control"},
    {5, 1, "start_transaction"},
    {5, 2, "end_transaction"},
    {5, 3, "signal"},
    {5, 4, "response"},
    {5, 5, "factory_reset"},
    {5, 6, "reset_to_factory"},
    {6, 1, "device_initiative"},
    {255, 255, "all"},
};

void IpSuite(base::ByteCursor& cursor, bool with_dns, Transaction& out) {
  AddRepeated(out, "ip", layer2::Ip4Text(cursor.U32Be()));
  AddRepeated(out, "netmask", layer2::Ip4Text(cursor.U32Be()));
  AddRepeated(out, "gateway", layer2::Ip4Text(cursor.U32Be()));
  if (!with_dns) return;
  for (int i = 0; i < 4 && cursor.remaining() >= 4; ++i) {
    const std::uint32_t server = cursor.U32Be();
    if (server != 0) AddRepeated(out, "dns", layer2::Ip4Text(server));
  }
}

void DeviceOptions(base::ByteCursor& cursor, Transaction& out) {
  std::string text;
  for (std::size_t i = 0; i < kMaxListed && cursor.remaining() >= 2; ++i) {
    const std::uint8_t option = cursor.U8();
    text += fmt::format("{}{}/{}", text.empty() ? "" : " ", option, cursor.U8());
  }
  AddRepeated(out, "device_options", text);
}

void DeviceProperties(std::uint8_t suboption, base::Bytes data, Transaction& out) {
  base::ByteCursor cursor(data);
  switch (suboption) {
    case 1:
      return AddRepeated(out, "vendor_text", TextOf(data));
    case 2:
      return AddRepeated(out, "station_name", TextOf(data));
    case 3:
    case 8:
      if (data.size() < 4) return AddAnomaly(out, "profinet-dcp-length");
      AddRepeated(out, suboption == 3 ? "vendor_id" : "oem_vendor_id",
                  fmt::format("0x{:04x}", cursor.U16Be()));
      return AddRepeated(out, suboption == 3 ? "device_id" : "oem_device_id",
                         fmt::format("0x{:04x}", cursor.U16Be()));
    case 4:
      if (data.empty()) return AddAnomaly(out, "profinet-dcp-length");
      return AddRepeated(out, "device_role", std::to_string(cursor.U8()));
    case 5:
      return DeviceOptions(cursor, out);
    case 6:
      return AddRepeated(out, "alias_name", TextOf(data));
    case 7:
      if (data.size() < 2) return AddAnomaly(out, "profinet-dcp-length");
      return AddRepeated(out, "device_instance", std::to_string(cursor.U16Be()));
    default:
      return AddRepeated(out, fmt::format("option_2_{}", suboption), HexOf(data));
  }
}

}  // namespace

std::string_view DcpOptionName(std::uint8_t option, std::uint8_t suboption) {
  for (const Option& known : kOptions) {
    if (known.option == option && known.suboption == suboption) return known.name;
  }
  return {};
}

void DecodeDcpBlock(std::uint8_t option, std::uint8_t suboption, base::Bytes data,
                    Transaction& out) {
  base::ByteCursor cursor(data);
  if (option == 2) return DeviceProperties(suboption, data, out);
  if (option == 1 && suboption == 1 && data.size() >= 6) {
    return AddRepeated(out, "mac_address", layer2::MacText(data.first(6)));
  }
  if (option == 1 && (suboption == 2 || suboption == 3)) {
    if (data.size() < 12) return AddAnomaly(out, "profinet-dcp-length");
    return IpSuite(cursor, suboption == 3, out);
  }
  if (option == 6 && suboption == 1 && data.size() >= 2) {
    return AddRepeated(out, "device_initiative", std::to_string(cursor.U16Be()));
  }
  if (option == 5 && suboption == 3 && data.size() >= 2) {
    return AddRepeated(out, "signal", fmt::format("0x{:04x}", cursor.U16Be()));
  }
  if (!data.empty()) {
    AddRepeated(out, fmt::format("option_{}_{}", option, suboption), HexOf(data));
  }
}

}  // namespace tapiary::capture::profinet
