// Which operations are commands, and the MITRE ATT&CK for ICS technique behind each.
//
// One data table for all protocols, since MITRE renames and splits techniques: techniques.cc names
// its source and date. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace tapiary::capture {

struct Technique {
  bool command = false;  // changes the state of a device
  std::string_view id;   // "T0855", or empty
};

// `sub` is the sub-function of codes that have some (Modbus 8, 43, UMAS), else -1. Unknown: {}.
Technique FindTechnique(std::string_view protocol, std::int32_t code, std::int32_t sub);

}  // namespace tapiary::capture
