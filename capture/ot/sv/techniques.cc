#include "capture/ot/sv/techniques.h"

namespace tapiary::capture::sv {
namespace {

// Subs are Event.
constexpr TechniqueRow kRows[] = {
    {0x60, 2, false, "T0856"},  // settings of a running stream changed
};

}  // namespace

std::span<const TechniqueRow> Techniques() {
  return kRows;
}

}  // namespace tapiary::capture::sv
