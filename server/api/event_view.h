// What the answers about events have in common, as JSON. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "server/api/event_clock.h"
#include "server/api/event_links.h"
#include "server/http/handler.h"

namespace tapiary::server {

using Json = nlohmann::ordered_json;

// Always valid UTF-8 (CO-02).
std::string DumpJson(const Json& json);
// Puts a member, whose value is JSON already, at the end of an object's text.
void AppendMember(std::string_view name, std::string_view value, std::string& object);
// With what agrees and what differs.
Json LinkJson(const LinkFlow& flow);
// Null without samples.
Json ClockJson(const EventClock& clock);
// The number in the path; kInvalid when it is none.
base::Result<std::int64_t> ParseEventId(const Request& request);

}  // namespace tapiary::server
