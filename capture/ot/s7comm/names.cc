#include "capture/ot/s7comm/names.h"

#include <fmt/core.h>

#include <iterator>

namespace tapiary::capture::s7comm {
namespace {

struct Name {
  std::uint16_t code;
  std::string_view name;
};

constexpr Name kJobs[] = {
    {0x00, "cpu_services"},   {kReadVariable, "read_variable"},
    {0x05, "write_variable"}, {kRequestDownload, "request_download"},
    {0x1b, "download_block"}, {kDownloadEnded, "download_ended"},
    {0x1d, "start_upload"},   {kUpload, "upload"},
    {0x1f, "end_upload"},     {kPiService, "pi_service"},
    {0x29, "plc_stop"},       {kSetup, "setup_communication"},
};

// Group in the high byte.
constexpr Name kUserdata[] = {
    {0x0101, "block_status"},
    {0x0102, "variable_status"},
    {0x0103, "read_interrupt_stack"},
    {0x0104, "read_block_stack"},
    {0x0105, "read_local_stack"},
    {0x0106, "time_measurement"},
    {0x0107, "force_selection"},
    {0x0108, "modify_variable"},
    {0x0109, "force"},
    {0x010a, "breakpoint"},
    {0x010b, "exit_hold"},
    {0x010c, "memory_reset"},
    {0x010d, "disable_job"},
    {0x010e, "enable_job"},
    {0x010f, "delete_job"},
    {0x0110, "read_job_list"},
    {0x0111, "read_job"},
    {0x0112, "replace_job"},
    {0x0113, "block_status_2"},
    {0x0116, "flash_led"},
    {0x0201, "cyclic_transfer"},
    {0x0204, "cyclic_unsubscribe"},
    {0x0205, "change_driven_transfer"},
    {0x0207, "change_driven_modify"},
    {0x0208, "read_record"},
    {0x0301, "list_blocks"},
    {0x0302, "list_blocks_of_type"},
    {0x0303, "block_info"},
    {0x0401, "read_szl"},
    {0x0402, "message_service"},
    {0x0403, "diagnostic_message"},
    {0x0405, "alarm_8_indication"},
    {0x0406, "notify_indication"},
    {0x0407, "alarm_8_lock"},
    {0x0408, "alarm_8_unlock"},
    {0x0409, "scan_indication"},
    {0x040b, "alarm_acknowledge"},
    {0x040c, "alarm_acknowledge_indication"},
    {0x040d, "alarm_8_lock_indication"},
    {0x040e, "alarm_8_unlock_indication"},
    {0x0411, "alarm_sq_indication"},
    {0x0412, "alarm_s_indication"},
    {0x0413, "alarm_query"},
    {0x0416, "notify_8_indication"},
    {0x0501, "plc_password"},
    {0x0502, "plc_password_end"},
    {0x0601, "block_send"},
    {0x0602, "block_receive"},
    {0x0701, "read_clock"},
    {0x0702, "set_clock"},
    {0x0703, "read_clock_2"},
    {0x0704, "set_clock_2"},
    {0x0f01, "nc_request_download"},
    {0x0f02, "nc_download_block"},
    {0x0f03, "nc_continue_download"},
    {0x0f04, "nc_download_ended"},
    {0x0f06, "nc_start_upload"},
    {0x0f07, "nc_upload"},
    {0x0f08, "nc_continue_upload"},
};

constexpr std::string_view kGroups[] = {
    "mode_transition", "test_function", "cyclic_function", "block_function",
    "cpu_function",    "security",      "block_transfer",  "clock_function",
    "group_8",         "group_9",       "group_10",        "group_11",
    "group_12",        "group_13",      "group_14",        "nc_function",
};

constexpr PiName kPis[] = {
    {"P_PROGRAM", "plc_start"},       {"_INSE", "activate_block"},
    {"_DELE", "delete_block"},        {"_GARB", "compress_memory"},
    {"_MODU", "copy_ram_to_rom"},     {"_INS2", "activate_block"},
    {"_N_LOGIN_", "nc_login"},        {"_N_LOGOUT", "nc_logout"},
    {"_N_CANCEL", "nc_cancel_alarm"}, {"_N_SELECT", "nc_select_program"},
    {"_N_F_DELE", "nc_delete_file"},  {"_N_F_PROT", "nc_protect_file"},
    {"_N_F_RENA", "nc_rename_file"},  {"_N_ASUP__", "nc_assign_interrupt"},
    {"_N_CONFIG", "nc_configure"},
};
constexpr PiName kUnknownPi = {"", "pi_service"};

std::string_view Find(std::uint16_t code, const Name* begin, const Name* end) {
  for (const Name* name = begin; name != end; ++name) {
    if (name->code == code) return name->name;
  }
  return {};
}

int HexDigit(std::uint8_t text) {
  if (text >= '0' && text <= '9') return text - '0';
  if (text >= 'A' && text <= 'F') return text - 'A' + 10;
  return -1;
}

}  // namespace

std::string JobName(std::uint8_t function) {
  const std::string_view name = Find(function, std::begin(kJobs), std::end(kJobs));
  return name.empty() ? std::string("unknown_function") : std::string(name);
}

std::string UserdataName(std::uint8_t group, std::uint8_t function) {
  if (group == 0) return std::string(kGroups[0]);
  const auto code = static_cast<std::uint16_t>(group << 8 | function);
  const std::string_view name = Find(code, std::begin(kUserdata), std::end(kUserdata));
  return name.empty() ? fmt::format("{}_{}", kGroups[group & 0x0f], function) : std::string(name);
}

int FindPi(std::string_view name) {
  for (int at = 0; at < static_cast<int>(std::size(kPis)); ++at) {
    if (kPis[at].name == name) return at;
  }
  return -1;
}

const PiName& PiAt(int position) {
  const bool known = position >= 0 && position < static_cast<int>(std::size(kPis));
  return known ? kPis[position] : kUnknownPi;
}

std::string_view BlockType(std::uint8_t type) {
  switch (type) {
    case 0x08:
      return "OB";
    case 0x09:
      return "CMOD";
    case 0x0a:
      return "DB";
    case 0x0b:
      return "SDB";
    case 0x0c:
      return "FC";
    case 0x0d:
      return "SFC";
    case 0x0e:
      return "FB";
    case 0x0f:
      return "SFB";
    default:
      return {};
  }
}

std::string BlockName(base::Bytes file, int& type) {
  if (!file.empty() && (file[0] == '_' || file[0] == '$')) file = file.subspan(1);
  if (file.size() < 7) return {};
  const int high = HexDigit(file[0]), low = HexDigit(file[1]);
  if (high < 0 || low < 0) return {};
  const std::string_view name = BlockType(static_cast<std::uint8_t>(high << 4 | low));
  if (name.empty()) return {};
  unsigned number = 0;
  for (const std::uint8_t digit : file.subspan(2, 5)) {
    if (digit < '0' || digit > '9') return {};
    number = number * 10 + (digit - '0');
  }
  type = high << 4 | low;
  std::string_view place;
  if (file.size() >= 8 && file[7] == 'A') place = " active";
  if (file.size() >= 8 && file[7] == 'P') place = " passive";
  if (file.size() >= 8 && file[7] == 'B') place = " active and passive";
  return fmt::format("{}{}{}", name, number, place);
}

std::string_view ReturnCodeName(std::uint8_t code) {
  switch (code) {
    case 0x00:
      return "reserved";
    case 0x01:
      return "hardware_error";
    case 0x03:
      return "access_denied";
    case 0x05:
      return "invalid_address";
    case 0x06:
      return "type_not_supported";
    case 0x07:
      return "type_inconsistent";
    case 0x0a:
      return "object_does_not_exist";
    case 0xff:
      return "success";
    default:
      return {};
  }
}

std::string_view ErrorClassName(std::uint8_t error_class) {
  switch (error_class) {
    case 0x81:
      return "application_relationship";
    case 0x82:
      return "object_definition";
    case 0x83:
      return "no_resources";
    case 0x84:
      return "service_processing";
    case 0x85:
      return "no_supplies";
    case 0x87:
      return "access";
    case 0xd2:
      return "block_download";
    case 0xd4:
      return "information_function";
    case 0xd6:
      return "protection";
    default:
      return {};
  }
}

}  // namespace tapiary::capture::s7comm
