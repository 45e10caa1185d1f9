#include "capture/ot/enip/commands.h"

namespace tapiary::capture::enip {
namespace {

constexpr std::string_view kToServer = "enip.to_server.";

struct Row {
  std::uint16_t command;
  std::string_view to_server;
  std::string_view from_server;
};
constexpr Row kRows[] = {
    {kNop, "enip.to_server.nop", "enip.from_server.nop"},
    {kListTargets, "enip.to_server.list_targets", "enip.from_server.list_targets"},
    {kListServices, "enip.to_server.list_services", "enip.from_server.list_services"},
    {kListIdentity, "enip.to_server.list_identity", "enip.from_server.list_identity"},
    {kListInterfaces, "enip.to_server.list_interfaces", "enip.from_server.list_interfaces"},
    {kRegisterSession, "enip.to_server.register_session", "enip.from_server.register_session"},
    {kUnregisterSession, "enip.to_server.unregister_session",
     "enip.from_server.unregister_session"},
    {kSendRrData, "enip.to_server.send_rr_data", "enip.from_server.send_rr_data"},
    {kSendUnitData, "enip.to_server.send_unit_data", "enip.from_server.send_unit_data"},
    {kIndicateStatus, "enip.to_server.indicate_status", "enip.from_server.indicate_status"},
    {kCancel, "enip.to_server.cancel", "enip.from_server.cancel"},
    {kStartDtls, "enip.to_server.start_dtls", "enip.from_server.start_dtls"},
};
constexpr Row kUnknown = {0xffff, "enip.to_server.unknown_command",
                          "enip.from_server.unknown_command"};

const Row& Find(std::uint16_t command) {
  for (const Row& row : kRows) {
    if (row.command == command) return row;
  }
  return kUnknown;
}

}  // namespace

bool IsKnown(std::uint16_t command) {
  return command <= kStartDtls && &Find(command) != &kUnknown;
}

std::string_view CommandName(std::uint16_t command) {
  return Find(command).to_server.substr(kToServer.size());
}

std::string_view CounterName(std::uint16_t command, bool from_client) {
  const Row& row = Find(command);
  return from_client ? row.to_server : row.from_server;
}

std::string_view EncapsulationStatusName(std::uint32_t status) {
  switch (status) {
    case 0x00:
      return "success";
    case 0x01:
      return "invalid_command";
    case 0x02:
      return "insufficient_memory";
    case 0x03:
      return "incorrect_data";
    case 0x64:
      return "invalid_session";
    case 0x65:
      return "invalid_length";
    case 0x69:
      return "unsupported_protocol";
    case 0x6a:
      return "encapsulated_service_not_allowed";
    default:
      return "unknown_status";
  }
}

}  // namespace tapiary::capture::enip
