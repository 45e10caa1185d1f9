#include "capture/ot/slmp/commands.h"

#include "capture/ot/names.h"

namespace tapiary::capture::slmp {
namespace {

// By code. SLMP, and (marked M) what only MELSOFT has.
constexpr CodeName kNames[] = {
    {0x0101, "read_type_name"},
    {0x0121, "open_initial"},           // M
    {0x0131, "username_login"},         // M
    {0x0132, "password_login"},         // M
    {0x0133, "read_user_information"},  // M
    {0x0134, "read_user_information"},  // M
    {0x0150, "safety_mode_read"},       // M
    {0x0401, "device_read"},
    {0x0403, "device_read_random"},
    {0x0406, "device_read_block"},
    {0x0410, "device_access"},  // M
    {0x041a, "array_label_read"},
    {0x041c, "label_read_random"},
    {0x0601, "extend_unit_read"},
    {0x0613, "memory_read"},
    {0x0619, "self_test"},
    {0x0801, "monitor_device_entry"},
    {0x0802, "monitor_device_execute"},
    {0x0e30, "node_search"},
    {0x0e31, "ip_address_set"},
    {0x1001, "remote_run"},
    {0x1002, "remote_stop"},
    {0x1003, "remote_pause"},
    {0x1005, "remote_latch_clear"},
    {0x1006, "remote_reset"},
    {0x1120, "safety_mode_change"},             // M
    {0x1133, "user_information_registration"},  // M
    {0x1401, "device_write"},
    {0x1402, "device_write_random"},
    {0x1406, "device_write_block"},
    {0x141a, "array_label_write"},
    {0x141b, "label_write_random"},
    {0x1601, "extend_unit_write"},
    {0x1613, "memory_write"},
    {0x1617, "clear_error"},
    {0x1630, "remote_password_unlock"},
    {0x1631, "remote_password_lock"},
    {0x1810, "directory_read"},
    {0x1811, "file_search"},
    {0x1820, "file_create"},
    {0x1822, "file_delete"},
    {0x1824, "file_copy"},
    {0x1825, "file_attribute_change"},
    {0x1826, "file_date_change"},
    {0x1827, "file_open"},
    {0x1828, "file_read"},
    {0x1829, "file_write"},
    {0x182a, "file_close"},
    {0x1859, "file_list_read"},         // M
    {0x185f, "file_information_read"},  // M
    {0x1867, "file_open"},              // M
    {0x1868, "file_read"},              // M
    {0x1869, "file_write"},             // M
    {0x186a, "file_close"},             // M
};

constexpr TechniqueRow kTechniques[] = {
    {0x0101, kAnySub, false, "T0888"},   // read_type_name
    {0x0121, kAnySub, false, "T0888"},   // open_initial
    {0x0131, kAnySub, false, "T0859"},   // username_login
    {0x0132, kAnySub, false, "T0859"},   // password_login
    {0x0133, kAnySub, false, "T0888"},   // read_user_information
    {0x0134, kAnySub, false, "T0888"},   // read_user_information
    {0x0150, kAnySub, false, "T0868"},   // safety_mode_read
    {0x0410, kWriteSub, true, "T0855"},  // device_access with data
    {0x0e30, kAnySub, false, "T0846"},   // node_search
    {0x0e31, kAnySub, true, "T0836"},    // ip_address_set
    {0x1001, kAnySub, true, "T0858"},    // remote_run
    {0x1002, kAnySub, true, "T0881"},    // remote_stop
    {0x1003, kAnySub, true, "T0858"},    // remote_pause
    {0x1005, kAnySub, true, "T0809"},    // remote_latch_clear
    {0x1006, kAnySub, true, "T0816"},    // remote_reset
    {0x1120, kAnySub, true, "T0858"},    // safety_mode_change
    {0x1133, kAnySub, true, "T0892"},    // user_information_registration
    {0x1401, kAnySub, true, "T0855"},    // device_write
    {0x1402, kAnySub, true, "T0855"},    // device_write_random
    {0x1406, kAnySub, true, "T0855"},    // device_write_block
    {0x141a, kAnySub, true, "T0855"},    // array_label_write
    {0x141b, kAnySub, true, "T0855"},    // label_write_random
    {0x1601, kAnySub, true, "T0836"},    // extend_unit_write
    {0x1613, kAnySub, true, "T0836"},    // memory_write
    {0x1617, kAnySub, true, "T0872"},    // clear_error
    {0x1630, kAnySub, true, "T0859"},    // remote_password_unlock
    {0x1631, kAnySub, true, ""},         // remote_password_lock
    {0x1820, kAnySub, true, "T0843"},    // file_create
    {0x1822, kAnySub, true, "T0809"},    // file_delete
    {0x1824, kAnySub, true, "T0843"},    // file_copy
    {0x1825, kAnySub, true, "T0836"},    // file_attribute_change
    {0x1826, kAnySub, true, "T0872"},    // file_date_change
    {0x1827, kWriteSub, true, "T0843"},  // file_open to write
    {0x1828, kAnySub, false, "T0845"},   // file_read
    {0x1829, kAnySub, true, "T0843"},    // file_write
    {0x1867, kWriteSub, true, "T0843"},  // file_open to write
    {0x1868, kAnySub, false, "T0845"},   // file_read
    {0x1869, kAnySub, true, "T0843"},    // file_write
};

struct Device {
  std::uint8_t code;
  bool hex;
  std::string_view name;
};

constexpr Device kDevices[] = {
    {0x2c, false, "RD"},   {0x50, false, "LTC"},  {0x51, false, "LTS"}, {0x52, false, "LTN"},
    {0x54, false, "LCC"},  {0x55, false, "LCS"},  {0x56, false, "LCN"}, {0x58, false, "LSTC"},
    {0x59, false, "LSTS"}, {0x5a, false, "LSTN"}, {0x62, false, "LZ"},  {0x90, false, "M"},
    {0x91, false, "SM"},   {0x92, false, "L"},    {0x93, false, "F"},   {0x94, false, "V"},
    {0x98, false, "S"},    {0x9c, true, "X"},     {0x9d, true, "Y"},    {0xa0, true, "B"},
    {0xa1, true, "SB"},    {0xa2, true, "DX"},    {0xa3, true, "DY"},   {0xa8, false, "D"},
    {0xa9, false, "SD"},   {0xaf, false, "R"},    {0xb0, false, "ZR"},  {0xb4, true, "W"},
    {0xb5, true, "SW"},    {0xc0, false, "TC"},   {0xc1, false, "TS"},  {0xc2, false, "TN"},
    {0xc3, false, "CC"},   {0xc4, false, "CS"},   {0xc5, false, "CN"},  {0xc6, false, "STC"},
    {0xc7, false, "STS"},  {0xc8, false, "STN"},  {0xcc, false, "Z"},
};

const Device* FindDevice(std::uint16_t code) {
  for (const Device& device : kDevices) {
    if (device.code == code) return &device;
  }
  return nullptr;
}

}  // namespace

std::string_view OperationName(std::uint16_t command) {
  return NameOf(kNames, command);
}

std::span<const TechniqueRow> Techniques() {
  return kTechniques;
}

std::string_view DeviceName(std::uint16_t code) {
  const Device* const device = FindDevice(code);
  return device == nullptr ? std::string_view() : device->name;
}

bool DeviceIsHex(std::uint16_t code) {
  const Device* const device = FindDevice(code);
  return device != nullptr && device->hex;
}

}  // namespace tapiary::capture::slmp
