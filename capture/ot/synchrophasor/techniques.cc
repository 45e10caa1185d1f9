#include "capture/ot/synchrophasor/techniques.h"

namespace tapiary::capture::synchrophasor {
namespace {

constexpr TechniqueRow kRows[] = {
    {1, kAnySub, true, "T0804"},  // data off
    {2, kAnySub, true, "T0801"},  // data on
    {3, kAnySub, false, "T0888"}, {4, kAnySub, false, "T0888"}, {5, kAnySub, false, "T0888"},
    {6, kAnySub, false, "T0888"}, {8, kAnySub, true, "T0855"},  // extended frame: what the device
                                                                // makes of it
};

}  // namespace

std::span<const TechniqueRow> Techniques() {
  return kRows;
}

}  // namespace tapiary::capture::synchrophasor
