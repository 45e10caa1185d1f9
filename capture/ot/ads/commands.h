// ADS commands and index groups: names and techniques.
//
// What a write means depends on its index group, and on the AMS port: 10000 is the system service,
// which has files, processes, the registry and routes. Sources: Beckhoff Information System, "ADS
// commands", "Index group/offset of TwinCAT system services", "PLC ADS services". Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "capture/ot/techniques.h"

namespace tapiary::capture::ads {

enum Command : std::uint16_t {
  kReadDeviceInfo = 1,
  kRead = 2,
  kWrite = 3,
  kReadState = 4,
  kWriteControl = 5,
  kAddNotification = 6,
  kDeleteNotification = 7,
  kNotification = 8,
  kReadWrite = 9,
};

// The sub-functions of the technique rows: what kind of index group a command writes.
enum GroupKind : std::int32_t {
  kMemory = 0,      // variables, the default
  kLookup = 1,      // nothing is changed: names, handles, sum reads
  kIoImage = 2,     // inputs and outputs
  kFileRead = 3,    // opens and reads files
  kFileWrite = 4,   // writes and renames
  kFileDelete = 5,  //
  kProcess = 6,     // starts a program on the controller
  kRoute = 7,       // who may talk to the router
  kRegistry = 8,    //
  kDiscovery = 100  // not ADS: services of UDP port 48899
};

struct Group {
  std::string_view name;  // empty: none that is published
  GroupKind kind = kMemory;
  bool named = false;  // what is written is the name of a symbol, file or host
};
Group FindGroup(std::uint16_t ams_port, std::uint32_t index_group);

std::string_view CommandName(std::uint16_t command);  // empty: not known
std::string_view StateName(std::uint16_t state);      // ADS state; empty: not known
std::span<const TechniqueRow> Techniques();
// Of write control, by the state asked for.
std::string_view StateTechnique(std::uint16_t state);

}  // namespace tapiary::capture::ads
