#include "capture/ot/mms/techniques.h"

namespace tapiary::capture::mms {
namespace {

constexpr TechniqueRow Reads(std::int32_t code, std::string_view id) {
  return {.code = code, .sub = kAnySub, .command = false, .id = id};
}
constexpr TechniqueRow Changes(std::int32_t code, std::string_view id, std::int32_t sub = kAnySub) {
  return {.code = code, .sub = sub, .command = true, .id = id};
}

constexpr TechniqueRow kRows[] = {
    Reads(0, "T0868"),
    Reads(1, "T0861"),
    Reads(2, "T0888"),
    Changes(3, "T0836"),
    Reads(4, "T0801"),
    Changes(5, "T0855", kWriteControl),
    Changes(5, "T0836", kWriteSetting),
    Changes(5, "T0804", kWriteReporting),
    Changes(5, "T0855"),
    Reads(6, "T0861"),
    Changes(7, "T0836"),
    Changes(10, "T0836"),
    Changes(11, "T0836"),
    Reads(12, "T0861"),
    Changes(13, "T0836"),
    Changes(21, "T0855"),
    Changes(22, "T0855"),
    Changes(26, "T0843"),
    Changes(27, "T0843"),
    Changes(28, "T0843"),
    Reads(29, "T0845"),
    Reads(30, "T0845"),
    Reads(31, "T0845"),
    Changes(32, "T0843"),
    Changes(33, "T0845"),
    Changes(34, "T0843"),
    Changes(35, "T0845"),
    Changes(36, "T0809"),
    Changes(38, "T0843"),
    Changes(39, "T0809"),
    Changes(40, "T0858"),
    Changes(41, "T0881"),
    Changes(42, "T0858"),
    Changes(43, "T0858"),
    Changes(44, "T0881"),
    Changes(46, "T0843"),
    Reads(72, "T0811"),
    Reads(73, "T0811"),
    Changes(75, "T0809"),
    Changes(76, "T0809"),
    Reads(77, "T0811"),
};

}  // namespace

WriteKind WriteKindOf(std::string_view item) {
  const auto has = [item](std::string_view part) {
    // The constraint follows the logical node: "LLN0$CO$Mod$Oper".
    const std::size_t at = item.find('$');
    return at != std::string_view::npos && item.substr(at, 3) == part;
  };
  if (has("$CO")) return kWriteControl;
  if (has("$SP") || has("$SG") || has("$SE") || has("$CF")) return kWriteSetting;
  if (has("$BR") || has("$RP") || has("$LG") || has("$GO")) return kWriteReporting;
  return kWriteOther;
}

std::span<const TechniqueRow> Techniques() {
  return kRows;
}

}  // namespace tapiary::capture::mms
