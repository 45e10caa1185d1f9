#include "server/ingest/event_fields.h"

#include <charconv>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "base/clock.h"

namespace tapiary::server {
namespace {

using Json = nlohmann::json;
using Paths = std::initializer_list<const char*>;

// The first of the JSON pointers that leads to something other than null.
const Json* Find(const Json& event, Paths paths) {
  for (const char* path : paths) {
    const Json::json_pointer pointer{std::string(path)};
    if (!event.contains(pointer)) continue;
    const Json& value = event[pointer];
    if (!value.is_null()) return &value;
  }
  return nullptr;
}

std::optional<std::string> Text(const Json& event, Paths paths) {
  const Json* value = Find(event, paths);
  if (value == nullptr || value->is_structured()) return std::nullopt;
  if (value->is_string()) return value->get<std::string>();
  return value->dump();  // a user name of digits, OpenCanary's numbered types
}

capture::IpAddress Address(const Json& event, Paths paths) {
  const auto text = Text(event, paths);
  if (!text) return {};
  return capture::ParseIpAddress(*text).value_or(capture::IpAddress{});
}

// A number or a text of digits; OpenCanary says -1 for none.
std::optional<std::uint16_t> Port(const Json& event, Paths paths) {
  const auto text = Text(event, paths);
  if (!text) return std::nullopt;
  std::uint16_t port = 0;
  const char* end = text->data() + text->size();
  const auto [stop, error] = std::from_chars(text->data(), end, port);
  if (error != std::errc{} || stop != end || text->empty()) return std::nullopt;
  return port;
}

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

// "+0200" at the end of a time of day.
bool EndsWithShortOffset(std::string_view text) {
  if (text.size() < 5) return false;
  const std::string_view tail = text.substr(text.size() - 5);
  return (tail[0] == '+' || tail[0] == '-') && IsDigit(tail[1]) && IsDigit(tail[2]) &&
         IsDigit(tail[3]) && IsDigit(tail[4]);
}

}  // namespace

std::optional<std::int64_t> ParseEventTime(std::string_view text) {
  constexpr std::size_t kDateAndTime = 19;  // 2026-11-25T12:00:00
  if (text.size() < kDateAndTime || text.size() > 40) return std::nullopt;
  std::string full(text);
  if (EndsWithShortOffset(text.substr(kDateAndTime))) {
    full.insert(full.size() - 2, ":");
  } else if (text.find_first_not_of(".0123456789", kDateAndTime) == std::string_view::npos) {
    full += 'Z';
  }
  const auto time = base::ParseTime(full);
  return time ? std::optional(*time) : std::nullopt;
}

EventFields RecogniseEvent(std::string_view text) {
  const Json event = Json::parse(text, nullptr, false);
  EventFields fields;
  if (!event.is_object()) return fields;
  // Conpot's event_time goes first: its old timestamp, now session_time, is the session's.
  const auto time = Text(event, {"/event_time", "/timestamp", "/utc_time", "/time"});
  if (time) fields.time_ns = ParseEventTime(*time);
  fields.type = Text(event, {"/eventid", "/event_type", "/logtype", "/type"}).value_or("");
  fields.source_ip = Address(event, {"/src_ip", "/src_host", "/source_addr", "/source_ip",
                                     "/attacker/source_addr", "/peerIP", "/saddr"});
  fields.source_port =
      Port(event, {"/src_port", "/source_port", "/attacker/source_port", "/peerPort", "/sport"});
  fields.destination_ip =
      Address(event, {"/dst_ip", "/dst_host", "/dest_ip", "/destination_ip", "/hostIP", "/daddr"});
  fields.destination_port =
      Port(event, {"/dst_port", "/dest_port", "/destination_port", "/hostPort", "/dport"});
  fields.user = Text(event, {"/username", "/user", "/logdata/USERNAME", "/logdata/UserName",
                             "/credentials/0/username"});
  fields.password = Text(event, {"/password", "/logdata/PASSWORD", "/credentials/0/password"});
  fields.session = Text(event, {"/session", "/session_id", "/logdata/SESSION", "/id"});
  return fields;
}

}  // namespace tapiary::server
