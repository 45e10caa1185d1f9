#include "capture/ot/bacnet/techniques.h"

#include "capture/ot/bacnet/network.h"

namespace tapiary::capture::bacnet {
namespace {

constexpr std::int32_t kDevice = DeviceSub(kConfirmedSub);

// A confirmed service counts whatever object it is on: one row for each of the two subs.
constexpr TechniqueRow kRows[] = {
    {0, kConfirmedSub, true, "T0878"},   // acknowledge alarm
    {6, kConfirmedSub, false, "T0845"},  // read a file: what a backup is made of
    {7, kConfirmedSub, true, "T0843"},   // write a file
    {8, kConfirmedSub, true, "T0836"},   // add list element
    {8, kDevice, true, "T0836"},
    {9, kConfirmedSub, true, "T0836"},  // remove list element
    {9, kDevice, true, "T0836"},
    {10, kConfirmedSub, true, "T0889"},  // create object
    {10, kDevice, true, "T0889"},
    {11, kConfirmedSub, true, "T0809"},  // delete object
    {11, kDevice, true, "T0809"},
    {12, kDevice, false, "T0888"},  // read property of a device: name, vendor, firmware
    {14, kDevice, false, "T0888"},
    {15, kConfirmedSub, true, "T0855"},  // write property
    {15, kDevice, true, "T0836"},        // of the device itself
    {16, kConfirmedSub, true, "T0855"},
    {16, kDevice, true, "T0836"},
    {17, kConfirmedSub, true, "T0814"},   // device communication control: silences a device
    {19, kConfirmedSub, false, "T0832"},  // text message
    {19, kDevice, false, "T0832"},
    // Reinitialise device, by state.
    {20, ReinitializeSub(0), true, "T0816"},  // coldstart
    {20, ReinitializeSub(1), true, "T0816"},  // warmstart
    {20, ReinitializeSub(2), true, "T0845"},  // start backup
    {20, ReinitializeSub(3), true, "T0845"},
    {20, ReinitializeSub(4), true, "T0843"},  // start restore
    {20, ReinitializeSub(5), true, "T0843"},
    {20, ReinitializeSub(6), true, "T0843"},
    {20, kAnySub, true, "T0816"},
    {21, kConfirmedSub, true, "T0807"},   // open a virtual terminal
    {23, kConfirmedSub, true, "T0807"},   // type on it
    {27, kConfirmedSub, true, "T0838"},   // life safety operation: silence, reset
    {4, kConfirmedSub, false, "T0861"},   // enrollment summary
    {26, kConfirmedSub, false, "T0802"},  // read range of a log
    // Unconfirmed.
    {6, kUnconfirmedSub, true, "T0836"},  // set the clock
    {9, kUnconfirmedSub, true, "T0836"},
    {10, kUnconfirmedSub, true, "T0855"},  // write group
    {7, kUnconfirmedSub, false, "T0846"},  // who has
    {8, kUnconfirmedSub, false, "T0846"},  // who is
    {13, kUnconfirmedSub, false, "T0846"},
    {14, kUnconfirmedSub, true, "T0836"},  // you are: gives a device its identity
    // Network layer.
    {0x00, kNetworkSub, false, "T0846"},  // who is router
    {0x06, kNetworkSub, true, "T0830"},   // initialise the routing table
    {0x08, kNetworkSub, true, "T0855"},   // establish, disconnect a link
    {0x09, kNetworkSub, true, "T0855"},
    {0x12, kNetworkSub, false, "T0846"},  // what is the network number
    // BVLC.
    {kWriteBdt, kBvlcSub, true, "T0830"},
    {kReadBdt, kBvlcSub, false, "T0846"},
    {kRegisterForeignDevice, kBvlcSub, true, "T0848"},
    {kReadFdt, kBvlcSub, false, "T0846"},
    {kDeleteFdtEntry, kBvlcSub, true, "T0804"},
};

}  // namespace

std::span<const TechniqueRow> Techniques() {
  return kRows;
}

}  // namespace tapiary::capture::bacnet
