#include "capture/ot/opcua/techniques.h"

namespace tapiary::capture::opcua {
namespace {

constexpr TechniqueRow kRows[] = {
    {673, kAnySub, true, "T0855"},    // write
    {712, kAnySub, true, "T0871"},    // call
    {488, kAnySub, true, "T0889"},    // add nodes
    {494, kAnySub, true, "T0889"},    // add references
    {500, kAnySub, true, "T0889"},    // delete nodes
    {506, kAnySub, true, "T0889"},    // delete references
    {700, kAnySub, true, "T0872"},    // history update
    {437, kAnySub, true, "T0849"},    // register server: what clients will find
    {12211, kAnySub, true, "T0849"},  // register server 2
    // What ends or thins out reporting. Clients do it to their own, so these are no commands.
    {763, kAnySub, false, "T0804"},
    {769, kAnySub, false, "T0804"},
    {781, kAnySub, false, "T0804"},
    {799, kAnySub, false, "T0804"},
    {841, kAnySub, false, "T0804"},
    {847, kAnySub, false, "T0804"},
    {467, kNamedUser, false, "T0859"},  // activate session as somebody
    {422, kAnySub, false, "T0846"},     // find servers
    {12208, kAnySub, false, "T0846"},   // on network
    {428, kAnySub, false, "T0888"},     // get endpoints
    {527, kAnySub, false, "T0861"},     // browse
    {533, kAnySub, false, "T0861"},     // browse next
    {664, kAnySub, false, "T0802"},     // history read
    {751, kAnySub, false, "T0801"},     // create monitored items
};

}  // namespace

std::span<const TechniqueRow> Techniques() {
  return kRows;
}

}  // namespace tapiary::capture::opcua
