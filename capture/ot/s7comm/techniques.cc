#include "capture/ot/s7comm/techniques.h"

namespace tapiary::capture::s7comm {
namespace {

constexpr TechniqueRow Reads(std::int32_t code, std::string_view id, std::int32_t sub = kAnySub) {
  return {.code = code, .sub = sub, .command = false, .id = id};
}
constexpr TechniqueRow Changes(std::int32_t code, std::string_view id, std::int32_t sub = kAnySub) {
  return {.code = code, .sub = sub, .command = true, .id = id};
}

// Areas 0x80-0x82 are the periphery, inputs and outputs, 0x84 data blocks; block types 8, 0xc, 0xe
// are OB, FC, FB: code. Subs of 0x28 are positions in names.cc's list of services.
constexpr TechniqueRow kRows[] = {
    Reads(0x04, "T0801"),
    Changes(0x05, "T0835", 0x80),
    Changes(0x05, "T0835", 0x81),
    Changes(0x05, "T0835", 0x82),
    Changes(0x05, "T0836", 0x84),
    Changes(0x05, "T0855"),
    Changes(0x1a, "T0821", 0x08),
    Changes(0x1a, "T0821", 0x0c),
    Changes(0x1a, "T0821", 0x0e),
    Changes(0x1a, "T0843"),
    Changes(0x1b, "T0843"),
    Changes(0x1c, "T0889"),
    Reads(0x1d, "T0845"),
    Reads(0x1e, "T0845"),
    Reads(0x1f, "T0845"),
    Changes(0x28, "T0858", 0),   // P_PROGRAM
    Changes(0x28, "T0889", 1),   // _INSE
    Changes(0x28, "T0809", 2),   // _DELE
    Changes(0x28, "T0855", 3),   // _GARB
    Changes(0x28, "T0889", 4),   // _MODU
    Changes(0x28, "T0889", 5),   // _INS2
    Reads(0x28, "T0859", 6),     // _N_LOGIN_
    Reads(0x28, "", 7),          // _N_LOGOUT
    Changes(0x28, "T0878", 8),   // _N_CANCEL
    Changes(0x28, "T0821", 9),   // _N_SELECT
    Changes(0x28, "T0809", 10),  // _N_F_DELE
    Changes(0x28, "T0855"),
    Changes(0x29, "T0881"),
    Reads(0x0101, "T0801"),
    Reads(0x0102, "T0801"),
    Changes(0x0107, "T0835"),
    Changes(0x0108, "T0835"),
    Changes(0x0109, "T0835"),
    Changes(0x010a, "T0858"),
    Changes(0x010b, "T0858"),
    Changes(0x010c, "T0809"),
    Changes(0x010d, "T0831"),
    Changes(0x010e, "T0831"),
    Changes(0x010f, "T0831"),
    Changes(0x0112, "T0831"),
    Changes(0x0116, "T0855"),
    Reads(0x0201, "T0801"),
    Reads(0x0205, "T0801"),
    Reads(0x0207, "T0801"),
    Reads(0x0301, "T0888"),
    Reads(0x0302, "T0888"),
    Reads(0x0303, "T0888"),
    Reads(0x0401, "T0868", 0x0424),
    Reads(0x0401, "T0868", 0x0124),
    Reads(0x0401, "T0888"),
    Changes(0x0407, "T0878"),
    Changes(0x0408, "T0838"),
    Changes(0x040b, "T0878"),
    Reads(0x0501, "T0859"),
    Changes(0x0601, "T0855"),
    Changes(0x0702, "T0836"),
    Changes(0x0704, "T0836"),
    Changes(0x0f01, "T0843"),
    Changes(0x0f02, "T0843"),
    Changes(0x0f04, "T0843"),
    Reads(0x0f06, "T0845"),
    Reads(0x0f07, "T0845"),
};

}  // namespace

std::span<const TechniqueRow> Techniques() {
  return kRows;
}

}  // namespace tapiary::capture::s7comm
