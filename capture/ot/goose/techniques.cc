#include "capture/ot/goose/techniques.h"

namespace tapiary::capture::goose {
namespace {

// Subs are Event. A publisher's message is no command: it reports a state.
constexpr TechniqueRow kRows[] = {
    {0x61, 4, false, "T0856"},         // stNum jumped
    {0x61, 5, false, "T0856"},         // stNum or sqNum went back
    {0x61, 6, false, "T0856"},         // same stNum, other data
    {0x61, 8, false, "T0804"},         // silence beyond the time allowed to live
    {0x101, kAnySub, false, "T0861"},  // names of the members of a data set
    {0x102, kAnySub, false, "T0861"},  // positions of members
    {0x103, kAnySub, false, "T0861"}, {0x104, kAnySub, false, "T0861"},
};

}  // namespace

std::span<const TechniqueRow> Techniques() {
  return kRows;
}

}  // namespace tapiary::capture::goose
