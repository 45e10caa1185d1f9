#include "capture/ot/fins/commands.h"

#include "capture/ot/names.h"

namespace tapiary::capture::fins {
namespace {

// By command.
constexpr CodeName kNames[] = {
    {0x0101, "memory_area_read"},
    {0x0102, "memory_area_write"},
    {0x0103, "memory_area_fill"},
    {0x0104, "multiple_memory_area_read"},
    {0x0105, "memory_area_transfer"},
    {0x0201, "parameter_area_read"},
    {0x0202, "parameter_area_write"},
    {0x0203, "parameter_area_clear"},
    {0x0220, "data_link_table_read"},
    {0x0221, "data_link_table_write"},
    {0x0304, "program_area_protect"},
    {0x0305, "program_area_protect_clear"},
    {0x0306, "program_area_read"},
    {0x0307, "program_area_write"},
    {0x0308, "program_area_clear"},
    {0x0401, "run"},
    {0x0402, "stop"},
    {0x0403, "reset"},
    {0x0501, "controller_data_read"},
    {0x0502, "connection_data_read"},
    {0x0601, "controller_status_read"},
    {0x0602, "network_status_read"},
    {0x0603, "data_link_status_read"},
    {0x0620, "cycle_time_read"},
    {0x0701, "clock_read"},
    {0x0702, "clock_write"},
    {0x0801, "loop_back_test"},
    {0x0802, "broadcast_test_results_read"},
    {0x0803, "broadcast_test_data_send"},
    {0x0920, "message_read_clear"},
    {0x0c01, "access_right_acquire"},
    {0x0c02, "access_right_forced_acquire"},
    {0x0c03, "access_right_release"},
    {0x2101, "error_clear"},
    {0x2102, "error_log_read"},
    {0x2103, "error_log_clear"},
    {0x2140, "write_access_log_read"},
    {0x2141, "write_access_log_clear"},
    {0x2201, "file_name_read"},
    {0x2202, "single_file_read"},
    {0x2203, "single_file_write"},
    {0x2204, "file_memory_format"},
    {0x2205, "file_delete"},
    {0x2206, "volume_label_create_delete"},
    {0x2207, "file_copy"},
    {0x2208, "file_name_change"},
    {0x2209, "file_data_check"},
    {0x220a, "memory_area_file_transfer"},
    {0x220b, "parameter_area_file_transfer"},
    {0x220c, "program_area_file_transfer"},
    {0x220f, "file_memory_index_read"},
    {0x2210, "file_memory_read"},
    {0x2211, "file_memory_write"},
    {0x2215, "directory_create_delete"},
    {0x2220, "memory_cassette_transfer"},
    {0x2301, "forced_set_reset"},
    {0x2302, "forced_set_reset_cancel"},
    {0x230a, "multiple_forced_status_read"},
    {0x2601, "name_set"},
    {0x2602, "name_delete"},
    {0x2603, "name_read"},
};

constexpr TechniqueRow kTechniques[] = {
    {0x0102, kAnySub, true, "T0855"},   // memory_area_write
    {0x0103, kAnySub, true, "T0835"},   // memory_area_fill
    {0x0105, kAnySub, true, "T0835"},   // memory_area_transfer
    {0x0202, kAnySub, true, "T0836"},   // parameter_area_write
    {0x0203, kAnySub, true, "T0836"},   // parameter_area_clear
    {0x0221, kAnySub, true, "T0836"},   // data_link_table_write
    {0x0304, kAnySub, true, "T0836"},   // program_area_protect
    {0x0305, kAnySub, true, "T0836"},   // program_area_protect_clear
    {0x0306, kAnySub, false, "T0845"},  // program_area_read
    {0x0307, kAnySub, true, "T0843"},   // program_area_write
    {0x0308, kAnySub, true, "T0809"},   // program_area_clear
    {0x0401, kAnySub, true, "T0858"},   // run
    {0x0402, kAnySub, true, "T0881"},   // stop
    {0x0403, kAnySub, true, "T0816"},   // reset
    {0x0501, kAnySub, false, "T0888"},  // controller_data_read
    {0x0502, kAnySub, false, "T0888"},  // connection_data_read
    {0x0601, kAnySub, false, "T0868"},  // controller_status_read
    {0x0702, kAnySub, true, "T0836"},   // clock_write
    {0x0c01, kAnySub, true, "T0803"},   // access_right_acquire
    {0x0c02, kAnySub, true, "T0803"},   // access_right_forced_acquire
    {0x0c03, kAnySub, true, ""},        // access_right_release
    {0x2101, kAnySub, true, "T0872"},   // error_clear
    {0x2103, kAnySub, true, "T0872"},   // error_log_clear
    {0x2141, kAnySub, true, "T0872"},   // write_access_log_clear
    {0x2202, kAnySub, false, "T0845"},  // single_file_read
    {0x2203, kAnySub, true, "T0843"},   // single_file_write
    {0x2204, kAnySub, true, "T0809"},   // file_memory_format
    {0x2205, kAnySub, true, "T0809"},   // file_delete
    {0x2206, kAnySub, true, ""},        // volume_label_create_delete
    {0x2207, kAnySub, true, "T0843"},   // file_copy
    {0x2208, kAnySub, true, "T0836"},   // file_name_change
    {0x220a, kAnySub, true, "T0843"},   // memory_area_file_transfer
    {0x220b, kAnySub, true, "T0843"},   // parameter_area_file_transfer
    {0x220c, kAnySub, true, "T0843"},   // program_area_file_transfer
    {0x2211, kAnySub, true, "T0843"},   // file_memory_write
    {0x2215, kAnySub, true, ""},        // directory_create_delete
    {0x2220, kAnySub, true, "T0843"},   // memory_cassette_transfer
    {0x2301, kAnySub, true, "T0835"},   // forced_set_reset
    {0x2302, kAnySub, true, "T0835"},   // forced_set_reset_cancel
    {0x2601, kAnySub, true, "T0836"},   // name_set
    {0x2602, kAnySub, true, "T0836"},   // name_delete
};

}  // namespace

std::string_view OperationName(std::uint16_t command) {
  return NameOf(kNames, command);
}

std::span<const TechniqueRow> Techniques() {
  return kTechniques;
}

}  // namespace tapiary::capture::fins
