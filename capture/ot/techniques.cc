// Source: MITRE ATT&CK for ICS (attack.mitre.org/matrices/ics), matrix v17, April 2025; the mapping
// of protocol operations to techniques is ours. Each row has the one technique that fits best:
//   T0803 Block Command Message       T0814 Denial of Service       T0816 Device Restart/Shutdown
//   T0836 Modify Parameter            T0843 Program Download        T0845 Program Upload
//   T0855 Unauthorized Command Message  T0858 Change Operating Mode  T0872 Indicator Removal on
//   Host T0877 I/O Image                   T0881 Service Stop            T0888 Remote System
//   Information
//                                                                         Discovery
#include "capture/ot/techniques.h"

namespace tapiary::capture {
namespace {

constexpr std::int32_t kAnySub = -1;

struct Row {
  std::string_view protocol;
  std::int32_t code;
  std::int32_t sub;  // kAnySub: whatever it is
  bool command;
  std::string_view id;
};

constexpr Row kRows[] = {
    {"modbus", 5, kAnySub, true, "T0855"},   // write single coil
    {"modbus", 15, kAnySub, true, "T0855"},  // write multiple coils
    {"modbus", 6, kAnySub, true, "T0836"},   // write single register
    {"modbus", 16, kAnySub, true, "T0836"},  // write multiple registers
    {"modbus", 22, kAnySub, true, "T0836"},  // mask write register
    {"modbus", 23, kAnySub, true, "T0836"},  // read/write multiple registers
    {"modbus", 21, kAnySub, true, "T0836"},  // write file record
    {"modbus", 8, 1, true, "T0816"},         // restart communications option
    {"modbus", 8, 4, true, "T0814"},         // force listen only mode
    {"modbus", 8, 10, true, "T0872"},        // clear counters and diagnostic register
    {"modbus", 7, kAnySub, false, "T0888"},
    {"modbus", 11, kAnySub, false, "T0888"},
    {"modbus", 12, kAnySub, false, "T0888"},
    {"modbus", 17, kAnySub, false, "T0888"},
    {"modbus", 43, 14, false, "T0888"},  // read device identification
    // UMAS (Schneider Electric, Modbus function 90); sub is the UMAS code.
    {"modbus", 90, 0x02, false, "T0888"},
    {"modbus", 90, 0x03, false, "T0888"},
    {"modbus", 90, 0x04, false, "T0888"},
    {"modbus", 90, 0x20, false, "T0877"},  // read memory block
    {"modbus", 90, 0x10, true, "T0858"},   // take the reservation, needed before what follows
    {"modbus", 90, 0x11, true, "T0858"},
    {"modbus", 90, 0x23, true, "T0855"},  // write variables
    {"modbus", 90, 0x25, true, "T0836"},  // write registers
    {"modbus", 90, 0x71, true, "T0855"},  // write I/O object
    {"modbus", 90, 0x30, false, "T0845"},
    {"modbus", 90, 0x31, false, "T0845"},
    {"modbus", 90, 0x32, false, "T0845"},
    {"modbus", 90, 0x33, true, "T0843"},
    {"modbus", 90, 0x34, true, "T0843"},
    {"modbus", 90, 0x35, true, "T0843"},
    {"modbus", 90, 0x40, true, "T0858"},  // start PLC
    {"modbus", 90, 0x41, true, "T0881"},  // stop PLC
};

}  // namespace

Technique FindTechnique(std::string_view protocol, std::int32_t code, std::int32_t sub) {
  for (const Row& row : kRows) {
    if (row.code != code || row.protocol != protocol) continue;
    if (row.sub == kAnySub || row.sub == sub) return {row.command, row.id};
  }
  return {};
}

}  // namespace tapiary::capture
