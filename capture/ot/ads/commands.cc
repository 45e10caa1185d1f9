#include "capture/ot/ads/commands.h"

#include <iterator>

namespace tapiary::capture::ads {
namespace {

constexpr std::uint16_t kSystemService = 10000;

struct GroupRow {
  std::uint32_t group;
  Group is;
};

// Of the system service.
constexpr GroupRow kSystemGroups[] = {
    {100, {"create_file", kFileWrite, true}},
    {101, {"close_handle", kLookup}},
    {120, {"file_open", kFileRead, true}},
    {121, {"file_close", kLookup}},
    {122, {"file_read", kFileRead}},
    {123, {"file_write", kFileWrite}},
    {124, {"file_seek", kLookup}},
    {125, {"file_tell", kLookup}},
    {126, {"file_gets", kFileRead}},
    {127, {"file_puts", kFileWrite}},
    {128, {"file_scanf", kFileRead}},
    {129, {"file_printf", kFileWrite}},
    {130, {"file_end", kLookup}},
    {131, {"file_delete", kFileDelete, true}},
    {132, {"file_rename", kFileWrite, true}},
    {133, {"file_find", kFileRead, true}},
    {138, {"make_directory", kFileWrite, true}},
    {139, {"remove_directory", kFileDelete, true}},
    {200, {"registry", kRegistry}},
    {400, {"time_services", kMemory}},
    {500, {"start_process", kProcess}},
    {600, {"change_net_id", kRoute}},
    {700, {"system_information", kLookup}},
    {701, {"ip_helper", kLookup}},
    {702, {"ip_host_name", kLookup}},
    {801, {"add_route", kRoute}},
    {802, {"delete_route", kRoute}},
    {803, {"list_routes", kLookup}},
};

// Of controllers and their I/O.
constexpr GroupRow kGroups[] = {
    {0x4020, {"plc_memory", kMemory}},
    {0x4021, {"plc_memory_bit", kMemory}},
    {0x4030, {"plc_retain", kMemory}},
    {0x4040, {"plc_data", kMemory}},
    {0xf000, {"symbol_table", kLookup}},
    {0xf001, {"symbol_name", kLookup}},
    {0xf002, {"symbol_value", kMemory}},
    {0xf003, {"symbol_handle_by_name", kLookup, true}},
    {0xf004, {"symbol_value_by_name", kMemory}},
    {0xf005, {"symbol_value_by_handle", kMemory}},
    {0xf006, {"symbol_release_handle", kLookup}},
    {0xf007, {"symbol_info_by_name", kLookup, true}},
    {0xf008, {"symbol_version", kLookup}},
    {0xf009, {"symbol_info_by_name_ex", kLookup, true}},
    {0xf00a, {"symbol_download", kMemory}},
    {0xf00b, {"symbol_upload", kLookup}},
    {0xf00c, {"symbol_upload_info", kLookup}},
    {0xf00f, {"symbol_upload_info2", kLookup}},
    {0xf020, {"io_inputs", kIoImage}},
    {0xf021, {"io_inputs_bit", kIoImage}},
    {0xf030, {"io_outputs", kIoImage}},
    {0xf031, {"io_outputs_bit", kIoImage}},
    {0xf040, {"io_clear_inputs", kIoImage}},
    {0xf050, {"io_clear_outputs", kIoImage}},
    {0xf060, {"io_read_write", kIoImage}},
    {0xf080, {"sum_read", kLookup}},
    {0xf081, {"sum_write", kMemory}},
    {0xf082, {"sum_read_write", kMemory}},
    {0xf083, {"sum_read_ex", kLookup}},
    {0xf084, {"sum_read_ex2", kLookup}},
    {0xf085, {"sum_add_notification", kLookup}},
    {0xf086, {"sum_delete_notification", kLookup}},
};

constexpr std::string_view kCommands[] = {
    "",
    "read_device_info",
    "read",
    "write",
    "read_state",
    "write_control",
    "add_device_notification",
    "delete_device_notification",
    "device_notification",
    "read_write",
};

constexpr std::string_view kStates[] = {
    "invalid",    "idle",     "reset",       "init",         "start",
    "run",        "stop",     "save_config", "load_config",  "power_failure",
    "power_good", "error",    "shutdown",    "suspend",      "resume",
    "config",     "reconfig", "stopping",    "incompatible", "exception",
};

constexpr TechniqueRow kTechniques[] = {
    {1, kDiscovery, false, "T0888"},  // identify
    {6, kDiscovery, true, "T0859"},   // add_route: user name and password
    {kReadDeviceInfo, kAnySub, false, "T0888"},
    {kRead, kFileRead, false, "T0845"},
    {kRead, kLookup, false, "T0861"},
    {kRead, kAnySub, false, "T0801"},
    {kWrite, kLookup, false, ""},
    {kWrite, kIoImage, true, "T0835"},
    {kWrite, kFileRead, false, ""},
    {kWrite, kFileWrite, true, "T0843"},
    {kWrite, kFileDelete, true, "T0809"},
    {kWrite, kProcess, true, "T0871"},
    {kWrite, kRoute, true, "T0848"},
    {kWrite, kRegistry, true, "T0836"},
    {kWrite, kAnySub, true, "T0855"},
    {kReadState, kAnySub, false, "T0868"},
    {kWriteControl, kAnySub, true, "T0858"},
    {kReadWrite, kLookup, false, "T0861"},
    {kReadWrite, kIoImage, true, "T0835"},
    {kReadWrite, kFileRead, false, "T0845"},
    {kReadWrite, kFileWrite, true, "T0843"},
    {kReadWrite, kFileDelete, true, "T0809"},
    {kReadWrite, kProcess, true, "T0871"},
    {kReadWrite, kRoute, true, "T0848"},
    {kReadWrite, kRegistry, true, "T0836"},
    {kReadWrite, kAnySub, true, "T0855"},
};

Group Search(std::span<const GroupRow> rows, std::uint32_t group) {
  for (const GroupRow& row : rows) {
    if (row.group == group) return row.is;
  }
  return {};
}

}  // namespace

Group FindGroup(std::uint16_t ams_port, std::uint32_t index_group) {
  return Search(ams_port == kSystemService ? std::span<const GroupRow>(kSystemGroups)
                                           : std::span<const GroupRow>(kGroups),
                index_group);
}

std::string_view CommandName(std::uint16_t command) {
  return command < std::size(kCommands) ? kCommands[command] : std::string_view();
}

std::string_view StateName(std::uint16_t state) {
  return state < std::size(kStates) ? kStates[state] : std::string_view();
}

std::span<const TechniqueRow> Techniques() {
  return kTechniques;
}

std::string_view StateTechnique(std::uint16_t state) {
  if (state == 6) return "T0881";                 // stop
  if (state == 2 || state == 12) return "T0816";  // reset, shutdown
  return "T0858";
}

}  // namespace tapiary::capture::ads
