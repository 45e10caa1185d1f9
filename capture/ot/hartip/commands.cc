#include "capture/ot/hartip/commands.h"

#include "capture/ot/names.h"

namespace tapiary::capture::hartip {
namespace {

// By command.
constexpr CodeName kNames[] = {
    {0, "read_unique_identifier"},
    {1, "read_primary_variable"},
    {2, "read_loop_current_and_percent_of_range"},
    {3, "read_dynamic_variables_and_loop_current"},
    {6, "write_polling_address"},
    {7, "read_loop_configuration"},
    {8, "read_dynamic_variable_classifications"},
    {9, "read_device_variables_with_status"},
    {11, "read_unique_identifier_associated_with_tag"},
    {12, "read_message"},
    {13, "read_tag_descriptor_date"},
    {14, "read_primary_variable_transducer_information"},
    {15, "read_device_information"},
    {16, "read_final_assembly_number"},
    {17, "write_message"},
    {18, "write_tag_descriptor_date"},
    {19, "write_final_assembly_number"},
    {20, "read_long_tag"},
    {21, "read_unique_identifier_associated_with_long_tag"},
    {22, "write_long_tag"},
    {33, "read_device_variables"},
    {34, "write_primary_variable_damping_value"},
    {35, "write_primary_variable_range_values"},
    {36, "set_primary_variable_upper_range_value"},
    {37, "set_primary_variable_lower_range_value"},
    {38, "reset_configuration_changed_flag"},
    {39, "eeprom_control"},
    {40, "enter_exit_fixed_current_mode"},
    {41, "perform_self_test"},
    {42, "perform_device_reset"},
    {43, "set_primary_variable_zero"},
    {44, "write_primary_variable_units"},
    {45, "trim_loop_current_zero"},
    {46, "trim_loop_current_gain"},
    {47, "write_primary_variable_transfer_function"},
    {48, "read_additional_device_status"},
    {49, "write_primary_variable_transducer_serial_number"},
    {50, "read_dynamic_variable_assignments"},
    {51, "write_dynamic_variable_assignments"},
    {52, "set_device_variable_zero"},
    {53, "write_device_variable_units"},
    {54, "read_device_variable_information"},
    {55, "write_device_variable_damping_value"},
    {56, "write_device_variable_transducer_serial_number"},
    {57, "read_unit_tag_descriptor_date"},
    {58, "write_unit_tag_descriptor_date"},
    {59, "write_number_of_response_preambles"},
    {60, "read_analog_channel_and_percent_of_range"},
    {62, "read_analog_channels"},
    {63, "read_analog_channel_information"},
    {64, "write_analog_channel_damping_value"},
    {65, "write_analog_channel_range_values"},
    {66, "enter_exit_fixed_analog_channel_mode"},
    {67, "trim_analog_channel_zero"},
    {68, "trim_analog_channel_gain"},
    {69, "write_analog_channel_transfer_function"},
    {70, "read_analog_channel_endpoint_values"},
    {71, "lock_device"},
    {72, "squawk"},
    {73, "find_device"},
    {74, "read_io_system_capabilities"},
    {75, "poll_sub_device"},
    {76, "read_lock_device_state"},
    {77, "send_command_to_sub_device"},
    {78, "read_aggregated_commands"},
    {79, "write_device_variable"},
    {80, "read_device_variable_trim_points"},
    {81, "read_device_variable_trim_guidelines"},
    {82, "write_device_variable_trim_point"},
    {83, "reset_device_variable_trim"},
    {84, "read_sub_device_identity_summary"},
    {87, "write_io_system_master_mode"},
    {88, "write_io_system_retry_count"},
    {89, "set_real_time_clock"},
    {90, "read_real_time_clock"},
    {91, "read_trend_configuration"},
    {92, "write_trend_configuration"},
    {93, "read_trend"},
    {95, "read_device_communications_statistics"},
    {101, "read_sub_device_to_burst_message_map"},
    {102, "map_sub_device_to_burst_message"},
    {103, "write_burst_period"},
    {104, "write_burst_trigger"},
    {105, "read_burst_mode_configuration"},
    {106, "flush_delayed_responses"},
    {107, "write_burst_device_variables"},
    {108, "write_burst_mode_command_number"},
    {109, "burst_mode_control"},
    {110, "read_all_dynamic_variables"},
    {111, "transfer_service_control"},
    {112, "transfer_service"},
    {113, "catch_device_variable"},
    {114, "read_caught_device_variable"},
    {115, "read_event_notification_summary"},
    {116, "write_event_notification_bit_mask"},
    {117, "write_event_notification_timing"},
    {118, "event_notification_control"},
    {119, "acknowledge_event_notification"},
    {512, "read_country_code"},
    {513, "write_country_code"},
};

constexpr TechniqueRow kTechniques[] = {
    {0, kAnySub, false, "T0888"},   // read_unique_identifier
    {1, kAnySub, false, "T0801"},   // read_primary_variable
    {2, kAnySub, false, "T0801"},   // read_loop_current_and_percent_of_range
    {3, kAnySub, false, "T0801"},   // read_dynamic_variables_and_loop_current
    {6, kAnySub, true, "T0836"},    // write_polling_address
    {9, kAnySub, false, "T0801"},   // read_device_variables_with_status
    {11, kAnySub, false, "T0888"},  // read_unique_identifier_associated_with_tag
    {13, kAnySub, false, "T0888"},  // read_tag_descriptor_date
    {15, kAnySub, false, "T0888"},  // read_device_information
    {17, kAnySub, true, "T0836"},   // write_message
    {18, kAnySub, true, "T0836"},   // write_tag_descriptor_date
    {19, kAnySub, true, "T0836"},   // write_final_assembly_number
    {20, kAnySub, false, "T0888"},  // read_long_tag
    {21, kAnySub, false, "T0888"},  // read_unique_identifier_associated_with_long_tag
    {22, kAnySub, true, "T0836"},   // write_long_tag
    {34, kAnySub, true, "T0836"},   // write_primary_variable_damping_value
    {35, kAnySub, true, "T0836"},   // write_primary_variable_range_values
    {36, kAnySub, true, "T0836"},   // set_primary_variable_upper_range_value
    {37, kAnySub, true, "T0836"},   // set_primary_variable_lower_range_value
    {38, kAnySub, true, "T0872"},   // reset_configuration_changed_flag
    {39, kAnySub, true, "T0836"},   // eeprom_control
    {40, kAnySub, true, "T0835"},   // enter_exit_fixed_current_mode
    {41, kAnySub, true, "T0816"},   // perform_self_test
    {42, kAnySub, true, "T0816"},   // perform_device_reset
    {43, kAnySub, true, "T0831"},   // set_primary_variable_zero
    {44, kAnySub, true, "T0836"},   // write_primary_variable_units
    {45, kAnySub, true, "T0831"},   // trim_loop_current_zero
    {46, kAnySub, true, "T0831"},   // trim_loop_current_gain
    {47, kAnySub, true, "T0836"},   // write_primary_variable_transfer_function
    {48, kAnySub, false, "T0888"},  // read_additional_device_status
    {49, kAnySub, true, "T0836"},   // write_primary_variable_transducer_serial_number
    {51, kAnySub, true, "T0836"},   // write_dynamic_variable_assignments
    {52, kAnySub, true, "T0836"},   // set_device_variable_zero
    {53, kAnySub, true, "T0836"},   // write_device_variable_units
    {55, kAnySub, true, "T0836"},   // write_device_variable_damping_value
    {56, kAnySub, true, "T0836"},   // write_device_variable_transducer_serial_number
    {58, kAnySub, true, "T0836"},   // write_unit_tag_descriptor_date
    {59, kAnySub, true, "T0836"},   // write_number_of_response_preambles
    {64, kAnySub, true, "T0836"},   // write_analog_channel_damping_value
    {65, kAnySub, true, "T0836"},   // write_analog_channel_range_values
    {66, kAnySub, true, "T0835"},   // enter_exit_fixed_analog_channel_mode
    {67, kAnySub, true, "T0831"},   // trim_analog_channel_zero
    {68, kAnySub, true, "T0831"},   // trim_analog_channel_gain
    {69, kAnySub, true, "T0836"},   // write_analog_channel_transfer_function
    {71, kAnySub, true, "T0803"},   // lock_device
    {72, kAnySub, true, ""},        // squawk
    {73, kAnySub, true, ""},        // find_device
    {74, kAnySub, false, "T0846"},  // read_io_system_capabilities
    {75, kAnySub, false, "T0846"},  // poll_sub_device
    {77, kAnySub, true, "T0855"},   // send_command_to_sub_device
    {79, kAnySub, true, "T0835"},   // write_device_variable
    {82, kAnySub, true, "T0831"},   // write_device_variable_trim_point
    {83, kAnySub, true, "T0831"},   // reset_device_variable_trim
    {84, kAnySub, false, "T0846"},  // read_sub_device_identity_summary
    {87, kAnySub, true, "T0836"},   // write_io_system_master_mode
    {88, kAnySub, true, "T0836"},   // write_io_system_retry_count
    {89, kAnySub, true, "T0836"},   // set_real_time_clock
    {92, kAnySub, true, "T0836"},   // write_trend_configuration
    {102, kAnySub, true, "T0804"},  // map_sub_device_to_burst_message
    {103, kAnySub, true, "T0804"},  // write_burst_period
    {104, kAnySub, true, "T0804"},  // write_burst_trigger
    {106, kAnySub, true, "T0803"},  // flush_delayed_responses
    {107, kAnySub, true, "T0804"},  // write_burst_device_variables
    {108, kAnySub, true, "T0804"},  // write_burst_mode_command_number
    {109, kAnySub, true, "T0804"},  // burst_mode_control
    {111, kAnySub, true, "T0843"},  // transfer_service_control
    {112, kAnySub, true, "T0843"},  // transfer_service
    {113, kAnySub, true, "T0835"},  // catch_device_variable
    {116, kAnySub, true, "T0838"},  // write_event_notification_bit_mask
    {117, kAnySub, true, "T0838"},  // write_event_notification_timing
    {118, kAnySub, true, "T0838"},  // event_notification_control
    {119, kAnySub, true, "T0878"},  // acknowledge_event_notification
    {513, kAnySub, true, "T0836"},  // write_country_code
};

}  // namespace

std::string_view CommandName(std::uint16_t command) {
  return NameOf(kNames, command);
}

std::span<const TechniqueRow> Techniques() {
  return kTechniques;
}

bool IsWarning(std::uint8_t response_code) {
  switch (response_code) {
    case 8:
    case 14:
    case 24:
    case 25:
    case 26:
    case 27:
    case 30:
    case 31:
      return true;
    default:
      return response_code >= 96 && response_code <= 127;
  }
}

}  // namespace tapiary::capture::hartip
