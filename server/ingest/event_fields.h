// EventFields: the one schema of honeypot events, whatever service wrote them: who, where, when, as
// whom, doing what. Known forms: Cowrie, Conpot, OpenCanary, Dionaea (old and new), and plain or
// ECS names. Tables: docs/formats/events.md. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "capture/records.h"

namespace tapiary::server {

// What the stored time of an event is.
enum class EventTime : std::uint8_t {
  kReceived = 0,  // the event states none, or none that can be read
  kOwn = 1,
  kSession = 2,  // the session's start (Conpot before September 2026, Dionaea)
};
const char* ToString(EventTime kind);  // received, event, session-start

class EventMappings;

// What one record sums up, where a service writes one for a whole session.
struct EventSummary {
  std::uint32_t logins = 0;    // tried
  std::uint32_t accepted = 0;  // of them
  std::uint32_t commands = 0;
  std::uint32_t files = 0;
  bool operator==(const EventSummary&) const = default;
};

struct EventFields {
  std::optional<std::int64_t> time_ns;  // as stated, never corrected (HP-01)
  EventTime time_kind = EventTime::kReceived;
  std::string dataset;  // cowrie, conpot, opencanary, dionaea or generic
  std::string type;     // the service's own word
  std::string action;   // one of ours: connect, login, command, ... (docs/formats/events.md)
  std::string outcome;  // success, failure, or ""
  capture::IpAddress source_ip;
  std::optional<std::uint16_t> source_port;
  capture::IpAddress destination_ip;
  std::optional<std::uint16_t> destination_port;
  std::optional<std::string> protocol;  // lower case: ssh, modbus, http
  std::optional<std::string> transport;
  std::optional<std::string> user;
  std::optional<std::string> password;
  std::optional<std::string> session;
  std::optional<std::string> command;
  std::optional<std::string> url;
  std::optional<std::string> file_name;
  std::optional<std::string> sha256;  // 64 lower-case hexadecimal digits
  std::optional<std::string> md5;     // 32
  std::optional<std::string> agent;   // the client's version or user agent
  std::optional<std::string> hassh;
  std::optional<std::string> vulnerability;  // CVE id
  EventSummary summary;                      // all 0: of one thing, or of nothing worth counting
};

// `json` is an object as SplitEvents gives it; texts stay escaped. `mappings` may be null.
EventFields RecogniseEvent(std::string_view json, const EventMappings* mappings = nullptr);
// The fields under their ECS names, as a JSON object with dotted keys in their order.
std::string EcsJson(const EventFields& fields, std::int64_t received_ns);
// The same, made before it is known when the event is received.
class EcsText {
 public:
  explicit EcsText(const EventFields& fields);
  // `received` is a FormatTime. Again with another one, if need be.
  const std::string& Finish(std::string_view received);

 private:
  std::string text_;
  std::size_t ingested_at_ = 0;
  std::size_t time_at_ = 0;  // 0: the event has its own
};
// ISO 8601 with T or space, with Z, +02:00, +0200, or no zone (then it is UTC).
std::optional<std::int64_t> ParseEventTime(std::string_view text);

}  // namespace tapiary::server
