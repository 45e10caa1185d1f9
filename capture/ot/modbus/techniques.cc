#include "capture/ot/modbus/techniques.h"

namespace tapiary::capture::modbus {
namespace {

constexpr TechniqueRow kRows[] = {
    {5, kAnySub, true, "T0855"},   // write single coil
    {15, kAnySub, true, "T0855"},  // write multiple coils
    {6, kAnySub, true, "T0836"},   // write single register
    {16, kAnySub, true, "T0836"},  // write multiple registers
    {22, kAnySub, true, "T0836"},  // mask write register
    {23, kAnySub, true, "T0836"},  // read/write multiple registers
    {21, kAnySub, true, "T0836"},  // write file record
    {8, 1, true, "T0816"},         // restart communications option
    {8, 4, true, "T0814"},         // force listen only mode
    {8, 10, true, "T0872"},        // clear counters and diagnostic register
    {7, kAnySub, false, "T0888"},
    {11, kAnySub, false, "T0888"},
    {12, kAnySub, false, "T0888"},
    {17, kAnySub, false, "T0888"},
    {43, 14, false, "T0888"},  // read device identification
    // UMAS (Schneider Electric, Modbus function 90); sub is the UMAS code.
    {90, 0x02, false, "T0888"},
    {90, 0x03, false, "T0888"},
    {90, 0x04, false, "T0888"},
    {90, 0x20, false, "T0877"},  // read memory block
    {90, 0x10, true, "T0858"},   // take the reservation, needed before what follows
    {90, 0x11, true, "T0858"},
    {90, 0x23, true, "T0855"},  // write variables
    {90, 0x25, true, "T0836"},  // write registers
    {90, 0x71, true, "T0855"},  // write I/O object
    {90, 0x30, false, "T0845"},
    {90, 0x31, false, "T0845"},
    {90, 0x32, false, "T0845"},
    {90, 0x33, true, "T0843"},
    {90, 0x34, true, "T0843"},
    {90, 0x35, true, "T0843"},
    {90, 0x40, true, "T0858"},  // start PLC
    {90, 0x41, true, "T0881"},  // stop PLC
};

}  // namespace

std::span<const TechniqueRow> Techniques() {
  return kRows;
}

}  // namespace tapiary::capture::modbus
