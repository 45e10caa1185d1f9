#include "capture/ot/dnp3/functions.h"

#include <iterator>

namespace tapiary::capture::dnp3 {
namespace {

constexpr std::string_view kRequests[] = {
    "confirm",
    "read",
    "write",
    "select",
    "operate",
    "direct_operate",
    "direct_operate_no_ack",
    "immediate_freeze",
    "immediate_freeze_no_ack",
    "freeze_clear",
    "freeze_clear_no_ack",
    "freeze_at_time",
    "freeze_at_time_no_ack",
    "cold_restart",
    "warm_restart",
    "initialize_data",
    "initialize_application",
    "start_application",
    "stop_application",
    "save_configuration",
    "enable_unsolicited",
    "disable_unsolicited",
    "assign_class",
    "delay_measurement",
    "record_current_time",
    "open_file",
    "close_file",
    "delete_file",
    "get_file_information",
    "authenticate_file",
    "abort_file_transfer",
    "activate_configuration",
    "authentication_request",
    "authentication_request_no_ack",
};

constexpr std::string_view kIin[] = {
    "broadcast",       "class1_events",  "class2_events",   "class3_events",
    "need_time",       "local_control",  "device_trouble",  "device_restart",
    "no_function",     "object_unknown", "parameter_error", "event_buffer_overflow",
    "already_running", "config_corrupt", "reserved1",       "reserved2",
};

constexpr std::string_view kControl[] = {
    "success",
    "timeout",
    "no_select",
    "format_error",
    "not_supported",
    "already_active",
    "hardware_error",
    "local",
    "too_many_objects",
    "not_authorized",
    "automation_inhibit",
    "processing_limited",
    "out_of_range",
    "downstream_local",
    "already_complete",
    "blocked",
    "canceled",
    "blocked_other_master",
    "downstream_fail",
};

constexpr std::string_view kFile[] = {
    "success",       "permission_denied", "invalid_mode",     "file_not_found", "file_locked",
    "too_many_open", "invalid_handle",    "write_block_size", "comm_lost",      "cannot_abort",
};

}  // namespace

std::string_view FunctionName(std::uint8_t function) {
  if (function < std::size(kRequests)) return kRequests[function];
  switch (function) {
    case kResponse:
      return "response";
    case kUnsolicitedResponse:
      return "unsolicited_response";
    case kAuthResponse:
      return "authentication_response";
    default:
      return "unknown_function";
  }
}

bool IsKnownFunction(std::uint8_t function) {
  return function < std::size(kRequests) || (function >= kResponse && function <= kAuthResponse);
}

bool IsAnswered(std::uint8_t function) {
  switch (function) {
    case kConfirm:
    case kDirectOperateNoAck:
    case 8:
    case 10:
    case 12:
    case kAuthRequestNoAck:
      return false;
    default:
      return IsRequest(function);
  }
}

bool CarriesObjects(std::uint8_t function) {
  if (function == kRead || function == kConfirm) return false;
  if (function >= 7 && function <= 10) return false;  // freeze: which counters
  return function < 20 || function > 22;              // unsolicited, classes: which points
}

std::string IinNames(std::uint16_t iin) {
  std::string names;
  for (unsigned bit = 0; bit < std::size(kIin); ++bit) {
    const unsigned shift = bit < 8 ? bit + 8 : bit - 8;
    if (((iin >> shift) & 1) == 0) continue;
    if (!names.empty()) names += ',';
    names += kIin[bit];
  }
  return names;
}

std::string_view ControlStatusName(std::uint8_t status) {
  if (status < std::size(kControl)) return kControl[status];
  return status == 126 ? "non_participating" : status == 127 ? "undefined" : std::string_view{};
}

std::string_view FileStatusName(std::uint8_t status) {
  if (status < std::size(kFile)) return kFile[status];
  switch (status) {
    case 16:
      return "not_opened";
    case 17:
      return "handle_expired";
    case 18:
      return "buffer_overrun";
    case 19:
      return "fatal_error";
    case 20:
      return "block_sequence";
    default:
      return {};
  }
}

}  // namespace tapiary::capture::dnp3
