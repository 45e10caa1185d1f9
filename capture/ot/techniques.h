// Which operations are commands, and the MITRE ATT&CK for ICS technique behind each.
//
// Each protocol's rows are data beside its registry row (capture/ot/<protocol>/techniques.cc); the
// names of the techniques are here, in one table with its source and date, since MITRE renames and
// splits them. A test holds every row against it. Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace tapiary::capture {

struct Technique {
  bool command = false;  // changes the state of a device
  std::string_view id;   // "T0855", or empty
};

inline constexpr std::int32_t kAnySub = -1;

// `sub` is the sub-function of codes that have some (Modbus 8, 43, UMAS), else kAnySub. An
// operation that fits several techniques has the one that tells an analyst most.
struct TechniqueRow {
  std::int32_t code = 0;
  std::int32_t sub = kAnySub;  // kAnySub: whatever it is
  bool command = false;
  std::string_view id;
};

// The first row that fits; {} for none.
Technique FindTechnique(std::span<const TechniqueRow> rows, std::int32_t code, std::int32_t sub);
// "Unauthorized Command Message" for "T0855"; empty when the matrix has no such technique.
std::string_view TechniqueName(std::string_view id);

}  // namespace tapiary::capture
