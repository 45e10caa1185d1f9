#include "capture/ot/iec104/techniques.h"

namespace tapiary::capture::iec104 {
namespace {

constexpr TechniqueRow kRows[] =
    {
        {0x13, kUFrame, true, "T0804"},  // STOPDT: no more reports
        {45, kNoSub, true, "T0855"},    {46, kNoSub, true, "T0855"},
        {47, kNoSub, true, "T0855"},    {48, kNoSub, true, "T0836"},
        {49, kNoSub, true, "T0836"},    {50, kNoSub, true, "T0836"},
        {51, kNoSub, true, "T0855"},    {58, kNoSub, true, "T0855"},
        {59, kNoSub, true, "T0855"},    {60, kNoSub, true, "T0855"},
        {61, kNoSub, true, "T0836"},    {62, kNoSub, true, "T0836"},
        {63, kNoSub, true, "T0836"},    {64, kNoSub, true, "T0855"},
        {100, kNoSub, false, "T0801"},  {101, 0, false, "T0802"},
        {101, kAnySub, true, "T0836"},  // freezes or resets the counters
        {102, kNoSub, false, "T0861"},  {103, kNoSub, true, "T0836"},
        {104, kNoSub, false, "T0846"},  {105, kNoSub, true, "T0816"},
        {106, kNoSub, false, "T0846"},  {107, kNoSub, false, "T0846"},
        {110, kNoSub, true, "T0836"},   {111, kNoSub, true, "T0836"},
        {112, kNoSub, true, "T0836"},   {113, kNoSub, true, "T0836"},
        {120, kNoSub, true, "T0843"},  // from the controlling station only: see decode.cc
        {122, kNoSub, false, "T0845"},
};

}  // namespace

std::span<const TechniqueRow> Techniques() {
  return kRows;
}

}  // namespace tapiary::capture::iec104
