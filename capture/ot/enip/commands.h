// Encapsulation commands: their names and those of the counters of their messages.
//
// Source: CIP Networks Library volume 2, table 2-3.2 (commands) and 2-3.3 (status codes); command 1
// is a relic of the first edition that engineering tools still send. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace tapiary::capture::enip {

enum Command : std::uint16_t {
  kNop = 0x0000,
  kListTargets = 0x0001,
  kListServices = 0x0004,
  kListIdentity = 0x0063,
  kListInterfaces = 0x0064,
  kRegisterSession = 0x0065,
  kUnregisterSession = 0x0066,
  kSendRrData = 0x006f,
  kSendUnitData = 0x0070,
  kIndicateStatus = 0x0072,
  kCancel = 0x0073,
  kStartDtls = 0x00c8,
};

bool IsKnown(std::uint16_t command);
// "unknown_command" for others.
std::string_view CommandName(std::uint16_t command);
// "enip.to_server.list_identity", "enip.from_server.list_identity": static text.
std::string_view CounterName(std::uint16_t command, bool from_client);
// "unknown_status" for reserved codes.
std::string_view EncapsulationStatusName(std::uint32_t status);

}  // namespace tapiary::capture::enip
