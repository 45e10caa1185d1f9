#include "capture/ot/bacnet/names.h"

#include <fmt/format.h>

#include <span>

#include "capture/ot/bacnet/network.h"

namespace tapiary::capture::bacnet {
namespace {

constexpr std::string_view kConfirmed[] = {
    "acknowledge_alarm",
    "confirmed_cov_notification",
    "confirmed_event_notification",
    "get_alarm_summary",
    "get_enrollment_summary",
    "subscribe_cov",
    "atomic_read_file",
    "atomic_write_file",
    "add_list_element",
    "remove_list_element",
    "create_object",
    "delete_object",
    "read_property",
    "read_property_conditional",
    "read_property_multiple",
    "write_property",
    "write_property_multiple",
    "device_communication_control",
    "confirmed_private_transfer",
    "confirmed_text_message",
    "reinitialize_device",
    "vt_open",
    "vt_close",
    "vt_data",
    "authenticate",
    "request_key",
    "read_range",
    "life_safety_operation",
    "subscribe_cov_property",
    "get_event_information",
    "subscribe_cov_property_multiple",
    "confirmed_cov_notification_multiple",
    "confirmed_audit_notification",
    "audit_log_query",
};

constexpr std::string_view kUnconfirmed[] = {
    "i_am",
    "i_have",
    "unconfirmed_cov_notification",
    "unconfirmed_event_notification",
    "unconfirmed_private_transfer",
    "unconfirmed_text_message",
    "time_synchronization",
    "who_has",
    "who_is",
    "utc_time_synchronization",
    "write_group",
    "unconfirmed_cov_notification_multiple",
    "unconfirmed_audit_notification",
    "who_am_i",
    "you_are",
};

constexpr std::string_view kNetwork[] = {
    "who_is_router_to_network",
    "i_am_router_to_network",
    "i_could_be_router_to_network",
    "reject_message_to_network",
    "router_busy_to_network",
    "router_available_to_network",
    "initialize_routing_table",
    "initialize_routing_table_ack",
    "establish_connection_to_network",
    "disconnect_connection_to_network",
    "challenge_request",
    "security_payload",
    "security_response",
    "request_key_update",
    "update_key_set",
    "update_distribution_key",
    "request_master_key",
    "set_master_key",
    "what_is_network_number",
    "network_number_is",
};

constexpr std::string_view kBvlc[] = {
    "bvlc_result",
    "write_broadcast_distribution_table",
    "read_broadcast_distribution_table",
    "read_broadcast_distribution_table_ack",
    "forwarded_npdu",
    "register_foreign_device",
    "read_foreign_device_table",
    "read_foreign_device_table_ack",
    "delete_foreign_device_table_entry",
    "distribute_broadcast_to_network",
    "original_unicast_npdu",
    "original_broadcast_npdu",
    "secure_bvlc",
};

constexpr std::string_view kBvlcIpv6[] = {
    "address_resolution",         "forwarded_address_resolution",   "address_resolution_ack",
    "virtual_address_resolution", "virtual_address_resolution_ack",
};

constexpr std::string_view kObjects[] = {
    "analog_input",
    "analog_output",
    "analog_value",
    "binary_input",
    "binary_output",
    "binary_value",
    "calendar",
    "command",
    "device",
    "event_enrollment",
    "file",
    "group",
    "loop",
    "multi_state_input",
    "multi_state_output",
    "notification_class",
    "program",
    "schedule",
    "averaging",
    "multi_state_value",
    "trend_log",
    "life_safety_point",
    "life_safety_zone",
    "accumulator",
    "pulse_converter",
    "event_log",
    "global_group",
    "trend_log_multiple",
    "load_control",
    "structured_view",
    "access_door",
    "timer",
    "access_credential",
    "access_point",
    "access_rights",
    "access_user",
    "access_zone",
    "credential_data_input",
    "network_security",
    "bitstring_value",
    "characterstring_value",
    "date_pattern_value",
    "date_value",
    "datetime_pattern_value",
    "datetime_value",
    "integer_value",
    "large_analog_value",
    "octetstring_value",
    "positive_integer_value",
    "time_pattern_value",
    "time_value",
    "notification_forwarder",
    "alert_enrollment",
    "channel",
    "lighting_output",
    "binary_lighting_output",
    "network_port",
    "elevator_group",
    "escalator",
    "lift",
    "staging",
    "audit_log",
    "audit_reporter",
    "color",
    "color_temperature",
};

constexpr std::string_view kErrorClasses[] = {
    "device", "object", "property", "resources", "security", "services", "vt", "communication",
};

constexpr std::string_view kErrors[] = {
    "other",
    "authentication_failed",
    "configuration_in_progress",
    "device_busy",
    "dynamic_creation_not_supported",
    "file_access_denied",
    "incompatible_security_levels",
    "inconsistent_parameters",
    "inconsistent_selection_criterion",
    "invalid_data_type",
    "invalid_file_access_method",
    "invalid_file_start_position",
    "invalid_operator_name",
    "invalid_parameter_data_type",
    "invalid_time_stamp",
    "key_generation_error",
    "missing_required_parameter",
    "no_objects_of_specified_type",
    "no_space_for_object",
    "no_space_to_add_list_element",
    "no_space_to_write_property",
    "no_vt_sessions_available",
    "property_is_not_a_list",
    "object_deletion_not_permitted",
    "object_identifier_already_exists",
    "operational_problem",
    "password_failure",
    "read_access_denied",
    "security_not_supported",
    "service_request_denied",
    "timeout",
    "unknown_object",
    "unknown_property",
    "",
    "unknown_vt_class",
    "unknown_vt_session",
    "unsupported_object_type",
    "value_out_of_range",
    "vt_session_already_closed",
    "vt_session_termination_failure",
    "write_access_denied",
    "character_set_not_supported",
    "invalid_array_index",
    "cov_subscription_failed",
    "not_cov_property",
    "optional_functionality_not_supported",
    "invalid_configuration_data",
    "datatype_not_supported",
    "duplicate_name",
    "duplicate_object_id",
    "property_is_not_an_array",
};

constexpr std::string_view kRejects[] = {
    "other",
    "buffer_overflow",
    "inconsistent_parameters",
    "invalid_parameter_data_type",
    "invalid_tag",
    "missing_required_parameter",
    "parameter_out_of_range",
    "too_many_arguments",
    "undefined_enumeration",
    "unrecognized_service",
    "invalid_data_encoding",
};

constexpr std::string_view kAborts[] = {
    "other",
    "buffer_overflow",
    "invalid_apdu_in_this_state",
    "preempted_by_higher_priority_task",
    "segmentation_not_supported",
    "security_error",
    "insufficient_security",
    "window_size_out_of_range",
    "application_exceeded_reply_time",
    "out_of_resources",
    "tsm_timeout",
    "apdu_too_long",
};

std::string_view Find(std::span<const std::string_view> names, std::uint32_t value,
                      std::string_view unknown) {
  return value < names.size() ? names[value] : unknown;
}

std::string Name(std::span<const std::string_view> names, std::uint32_t value,
                 std::string_view prefix) {
  if (value < names.size() && !names[value].empty()) return std::string(names[value]);
  return fmt::format("{}_{}", prefix, value);
}

}  // namespace

std::string_view ConfirmedServiceName(std::uint8_t service) {
  return Find(kConfirmed, service, "unknown_confirmed_service");
}

std::string_view UnconfirmedServiceName(std::uint8_t service) {
  return Find(kUnconfirmed, service, "unknown_unconfirmed_service");
}

std::string_view NetworkMessageName(std::uint8_t message) {
  if (message >= 0x80) return "proprietary_network_message";
  return Find(kNetwork, message, "unknown_network_message");
}

std::string_view BvlcName(std::uint8_t function) {
  if (function >= kAddressResolution) {
    return Find(kBvlcIpv6, function - kAddressResolution, "unknown_bvlc");
  }
  return Find(kBvlc, function, "unknown_bvlc");
}

std::string ObjectTypeName(std::uint16_t type) {
  return Name(kObjects, type, "object_type");
}

std::string ErrorClassName(std::uint32_t error_class) {
  return Name(kErrorClasses, error_class, "class");
}

std::string ErrorCodeName(std::uint32_t code) {
  return Name(kErrors, code, "code");
}

std::string RejectReasonName(std::uint32_t reason) {
  return Name(kRejects, reason, "reason");
}

std::string AbortReasonName(std::uint32_t reason) {
  return Name(kAborts, reason, "reason");
}

std::string BvlcResultName(std::uint32_t code, bool ipv6) {
  static constexpr std::uint8_t kIp[] = {kWriteBdt, kReadBdt,        kRegisterForeignDevice,
                                         kReadFdt,  kDeleteFdtEntry, kDistributeBroadcast};
  if (code == 0) return "successful";
  // A refusal is sixteen times what was refused: on IPv6 the function, on IPv4 its place above.
  const std::uint32_t index = code / 16;
  if (code % 16 == 0 && !ipv6 && index >= 1 && index <= std::size(kIp)) {
    return std::string(BvlcName(kIp[index - 1])) + "_refused";
  }
  return fmt::format("result_{}", code);
}

std::string EnableDisableName(std::uint32_t value) {
  static constexpr std::string_view kNames[] = {"enable", "disable", "disable_initiation"};
  return Name(kNames, value, "state");
}

std::string ReinitializeStateName(std::uint32_t value) {
  static constexpr std::string_view kNames[] = {
      "coldstart",     "warmstart",   "start_backup",  "end_backup",
      "start_restore", "end_restore", "abort_restore", "activate_changes",
  };
  return Name(kNames, value, "state");
}

std::string SegmentationName(std::uint32_t value) {
  static constexpr std::string_view kNames[] = {"both", "transmit", "receive", "none"};
  return Name(kNames, value, "segmentation");
}

}  // namespace tapiary::capture::bacnet
