#include "capture/ot/cip/services.h"

namespace tapiary::capture::cip {
namespace {

constexpr std::uint8_t kFirstSpecific = 0x32;
constexpr std::uint32_t kTagTarget = 0x10000;  // beside the 16-bit class numbers

struct Common {
  std::uint8_t service;
  std::string_view name;
};
constexpr Common kCommon[] = {
    {0x01, "get_attributes_all"},
    {0x02, "set_attributes_all"},
    {0x03, "get_attribute_list"},
    {0x04, "set_attribute_list"},
    {0x05, "reset"},
    {0x06, "start"},
    {0x07, "stop"},
    {0x08, "create"},
    {0x09, "delete"},
    {0x0a, "multiple_service_packet"},
    {0x0d, "apply_attributes"},
    {0x0e, "get_attribute_single"},
    {0x10, "set_attribute_single"},
    {0x11, "find_next_object_instance"},
    {0x14, "error_response"},
    {0x15, "restore"},
    {0x16, "save"},
    {0x17, "nop"},
    {0x18, "get_member"},
    {0x19, "set_member"},
    {0x1a, "insert_member"},
    {0x1b, "remove_member"},
    {0x1c, "group_sync"},
    {0x1d, "get_connection_point_member_list"},
};

struct Specific {
  std::uint32_t target;
  std::uint8_t service;
  std::string_view name;
};
constexpr Specific kSpecific[] = {
    {kMessageRouterClass, 0x4b, "symbolic_translation"},
    {kConnectionManagerClass, 0x4e, "forward_close"},
    {kConnectionManagerClass, 0x52, "unconnected_send"},
    {kConnectionManagerClass, 0x54, "forward_open"},
    {kConnectionManagerClass, 0x56, "get_connection_data"},
    {kConnectionManagerClass, 0x57, "search_connection_data"},
    {kConnectionManagerClass, 0x5a, "get_connection_owner"},
    {kConnectionManagerClass, 0x5b, "large_forward_open"},
    {kFileClass, 0x4b, "initiate_upload"},
    {kFileClass, 0x4c, "initiate_download"},
    {kFileClass, 0x4d, "initiate_partial_read"},
    {kFileClass, 0x4e, "initiate_partial_write"},
    {kFileClass, 0x4f, "upload_transfer"},
    {kFileClass, 0x50, "download_transfer"},
    {kFileClass, 0x51, "clear_file"},
    {kPcccClass, 0x4b, "execute_pccc"},
    {kPcccClass, 0x4c, "execute_dhp"},
    {kTemplateClass, 0x4c, "read_template"},
    {kNonVolatileStorageClass, 0x4b, "update_storage"},
    {kNonVolatileStorageClass, 0x4d, "transfer_storage"},
    {kTagTarget, 0x4c, "read_tag"},
    {kTagTarget, 0x4d, "write_tag"},
    {kTagTarget, 0x4e, "read_modify_write_tag"},
    {kTagTarget, 0x52, "read_tag_fragmented"},
    {kTagTarget, 0x53, "write_tag_fragmented"},
    {kTagTarget, 0x55, "get_instance_attribute_list"},
};

struct Class {
  std::uint16_t id;
  std::string_view name;
};
constexpr Class kClasses[] = {
    {0x01, "identity"},
    {0x02, "message_router"},
    {0x03, "devicenet"},
    {0x04, "assembly"},
    {0x05, "connection"},
    {0x06, "connection_manager"},
    {0x07, "register"},
    {0x08, "discrete_input_point"},
    {0x09, "discrete_output_point"},
    {0x0a, "analog_input_point"},
    {0x0b, "analog_output_point"},
    {0x0e, "presence_sensing"},
    {0x0f, "parameter"},
    {0x10, "parameter_group"},
    {0x12, "group"},
    {0x1d, "discrete_input_group"},
    {0x1e, "discrete_output_group"},
    {0x1f, "discrete_group"},
    {0x20, "analog_input_group"},
    {0x21, "analog_output_group"},
    {0x22, "analog_group"},
    {0x23, "position_sensor"},
    {0x24, "position_controller_supervisor"},
    {0x25, "position_controller"},
    {0x26, "block_sequencer"},
    {0x27, "command_block"},
    {0x28, "motor_data"},
    {0x29, "control_supervisor"},
    {0x2a, "ac_dc_drive"},
    {0x2b, "acknowledge_handler"},
    {0x2c, "overload"},
    {0x2d, "softstart"},
    {0x2e, "selection"},
    {0x30, "s_device_supervisor"},
    {0x31, "s_analog_sensor"},
    {0x32, "s_analog_actuator"},
    {0x33, "s_single_stage_controller"},
    {0x34, "s_gas_calibration"},
    {0x35, "trip_point"},
    {0x37, "file"},
    {0x39, "safety_supervisor"},
    {0x3a, "safety_validator"},
    {0x41, "event_log"},
    {0x42, "motion_device_axis"},
    {0x43, "time_sync"},
    {0x44, "modbus"},
    {0x45, "originator_connection_list"},
    {0x46, "modbus_serial_link"},
    {0x47, "device_level_ring"},
    {0x48, "qos"},
    {0x4d, "target_connection_list"},
    {0x4e, "base_energy"},
    {0x4f, "electrical_energy"},
    {0x50, "non_electrical_energy"},
    {0x52, "snmp"},
    {0x53, "power_management"},
    {0x54, "rstp_bridge"},
    {0x55, "rstp_port"},
    {0x56, "prp_hsr_protocol"},
    {0x57, "prp_hsr_nodes_table"},
    {0x5d, "cip_security"},
    {0x5e, "ethernet_ip_security"},
    {0x5f, "certificate_management"},
    {0x64, "program_name"},
    {0x67, "pccc"},
    {0x6b, "symbol"},
    {0x6c, "template"},
    {0x8b, "wall_clock_time"},
    {0xa1, "nonvolatile_storage"},
    {0xf0, "controlnet"},
    {0xf1, "controlnet_keeper"},
    {0xf2, "controlnet_scheduling"},
    {0xf3, "connection_configuration"},
    {0xf4, "port"},
    {0xf5, "tcp_ip_interface"},
    {0xf6, "ethernet_link"},
    {0xf7, "componet_link"},
    {0xf8, "componet_repeater"},
};

}  // namespace

std::string_view ServiceName(std::uint8_t service, const Target& target) {
  if (service < kFirstSpecific) {
    for (const Common& known : kCommon) {
      if (known.service == service) return known.name;
    }
    return "unknown_service";
  }
  if (target.class_id > 0xffffu) return "class_specific_service";
  const std::uint32_t wanted = IsTag(target) ? kTagTarget : target.class_id.value_or(UINT32_MAX);
  for (const Specific& known : kSpecific) {
    if (known.target == wanted && known.service == service) return known.name;
  }
  return "class_specific_service";
}

std::string_view ClassName(std::uint32_t class_id) {
  for (const Class& known : kClasses) {
    if (known.id == class_id) return known.name;
  }
  return {};
}

}  // namespace tapiary::capture::cip
