#include "capture/ot/ethercat/techniques.h"

#include "capture/ot/ethercat/registers.h"

namespace tapiary::capture::ethercat {
namespace {

constexpr TechniqueRow kRows[] = {
    {kAlControl, 3, true, "T0800"},        // bootstrap: ready for firmware
    {kAlControl, kAnySub, true, "T0858"},  // init to operational
    {kEeprom, 2, true, "T0857"},           // identity and configuration of the slave
    {kEeprom, 4, true, "T0816"},           // reload: as after power-up
    {kEeprom, 1, false, "T0888"},
    {kEepromAccess, kAnySub, true, {}},
    {kStationAddress, kAnySub, true, "T0836"},
    {kLinkControl, kAnySub, true, "T0836"},
    {kReset, kAnySub, true, "T0816"},
    {kMailboxCoe, 1, true, "T0836"},  // SDO download
    {kMailboxCoe, 2, false, "T0888"},
    {kMailboxCoe, 8, false, "T0861"},  // which objects are there
    {kMailboxFoe, 1, false, "T0845"},
    {kMailboxFoe, 2, true, "T0857"},  // file to the slave: firmware
};

}  // namespace

std::span<const TechniqueRow> Techniques() {
  return kRows;
}

}  // namespace tapiary::capture::ethercat
