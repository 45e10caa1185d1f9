// What is recognised in a honeypot service's event: who, where, when, as whom. The names of Cowrie,
// Conpot (old and new), OpenCanary, Dionaea and plain ones. Table: docs/formats/events.md. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "capture/records.h"

namespace tapiary::server {

struct EventFields {
  std::optional<std::int64_t> time_ns;  // the event's own; none when it says none or no zone fits
  std::string type;
  capture::IpAddress source_ip;
  std::optional<std::uint16_t> source_port;
  capture::IpAddress destination_ip;
  std::optional<std::uint16_t> destination_port;
  std::optional<std::string> user;
  std::optional<std::string> password;
  std::optional<std::string> session;
};

// `json` is an object as SplitEvents gives it; texts stay escaped.
EventFields RecogniseEvent(std::string_view json);
// ISO 8601 with T or space, with Z, +02:00, +0200, or no zone (then it is UTC).
std::optional<std::int64_t> ParseEventTime(std::string_view text);

}  // namespace tapiary::server
