#include "capture/ot/s7plus/techniques.h"

namespace tapiary::capture::s7plus {
namespace {

constexpr TechniqueRow kRows[] = {
    {.code = 0x04bb, .sub = kAnySub, .command = false, .id = "T0888"},
    {.code = 0x04ca, .sub = kOwnSession, .command = false, .id = ""},
    {.code = 0x04ca, .sub = kAnySub, .command = true, .id = "T0843"},
    {.code = 0x04d4, .sub = kOwnSession, .command = false, .id = ""},
    {.code = 0x04d4, .sub = kAnySub, .command = true, .id = "T0809"},
    {.code = 0x04f2, .sub = kOwnSession, .command = false, .id = ""},
    {.code = 0x04f2, .sub = kAnySub, .command = true, .id = "T0836"},
    {.code = 0x04fc, .sub = kAnySub, .command = false, .id = "T0801"},
    {.code = 0x0542, .sub = kOwnSession, .command = false, .id = ""},
    {.code = 0x0542, .sub = kAnySub, .command = true, .id = "T0836"},
    {.code = 0x054c, .sub = kAnySub, .command = false, .id = "T0801"},
    {.code = 0x056b, .sub = kAnySub, .command = true, .id = "T0858"},
    {.code = 0x057c, .sub = kAnySub, .command = true, .id = "T0843"},
    {.code = 0x0586, .sub = kAnySub, .command = false, .id = "T0801"},
};

}  // namespace

std::span<const TechniqueRow> Techniques() {
  return kRows;
}

}  // namespace tapiary::capture::s7plus
