#include "capture/ot/cip/status.h"

#include <array>

namespace tapiary::capture::cip {
namespace {

constexpr std::array<std::string_view, 0x2e> kNames = {
    "success",
    "connection_failure",
    "resource_unavailable",
    "invalid_parameter_value",
    "path_segment_error",
    "path_destination_unknown",
    "partial_transfer",
    "connection_lost",
    "service_not_supported",
    "invalid_attribute_value",
    "attribute_list_error",
    "already_in_requested_state",
    "object_state_conflict",
    "object_already_exists",
    "attribute_not_settable",
    "privilege_violation",
    "device_state_conflict",
    "reply_data_too_large",
    "fragmentation_of_primitive_value",
    "not_enough_data",
    "attribute_not_supported",
    "too_much_data",
    "object_does_not_exist",
    "no_fragmentation_in_progress",
    "no_stored_attribute_data",
    "store_operation_failure",
    "request_packet_too_large",
    "response_packet_too_large",
    "missing_attribute_list_entry",
    "invalid_attribute_value_list",
    "embedded_service_error",
    "vendor_specific_error",
    "invalid_parameter",
    "write_once_already_written",
    "invalid_reply",
    "buffer_overflow",
    "message_format_error",
    "key_failure_in_path",
    "path_size_invalid",
    "unexpected_attribute_in_list",
    "invalid_member_id",
    "member_not_settable",
    "group_2_server_failure",
    "unknown_modbus_error",
    "attribute_not_gettable",
    "instance_not_deletable",
};

struct Extended {
  std::uint16_t code;
  std::string_view name;
};
constexpr Extended kExtended[] = {
    {0x0100, "connection_in_use"},
    {0x0103, "transport_not_supported"},
    {0x0106, "ownership_conflict"},
    {0x0107, "connection_not_found"},
    {0x0108, "invalid_connection_type"},
    {0x0109, "invalid_connection_size"},
    {0x0110, "module_not_configured"},
    {0x0111, "rpi_not_supported"},
    {0x0113, "out_of_connections"},
    {0x0114, "vendor_or_product_mismatch"},
    {0x0115, "device_type_mismatch"},
    {0x0116, "revision_mismatch"},
    {0x0117, "invalid_connection_point"},
    {0x0118, "invalid_configuration_format"},
    {0x0119, "controlling_connection_not_open"},
    {0x011a, "target_out_of_connections"},
    {0x0203, "connection_timed_out"},
    {0x0204, "unconnected_request_timed_out"},
    {0x0205, "parameter_error"},
    {0x0206, "message_too_large"},
    {0x0301, "no_buffer_memory"},
    {0x0302, "no_bandwidth"},
    {0x0311, "port_not_available"},
    {0x0312, "link_address_not_valid"},
    {0x0315, "invalid_path_segment"},
    {0x0316, "forward_close_path_mismatch"},
    {0x0317, "scheduling_not_specified"},
    {0x0318, "link_address_to_self"},
};

}  // namespace

std::string_view StatusName(std::uint8_t status) {
  if (status == 0xff) return "general_error";
  if (status >= 0xd0) return "object_class_specific_error";
  return status < kNames.size() ? kNames[status] : std::string_view();
}

std::string_view ConnectionStatusName(std::uint16_t extended) {
  for (const Extended& known : kExtended) {
    if (known.code == extended) return known.name;
  }
  return {};
}

}  // namespace tapiary::capture::cip
