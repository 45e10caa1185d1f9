// Statement: an hour's account as the JSON that the collector signs, and as a line for people.
//
// Pure; any thread. In words: docs/completeness.md.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/evidence/completeness.h"

namespace tapiary::server {

// `now_ns` is when it is made.
std::string StatementJson(std::string_view sensor, const HourAccount& account, std::int64_t now_ns);
// For people and capture comments: "2026-11-25T10h: offered 12, recorded 10, ...".
std::string ShortForm(const HourAccount& account);

}  // namespace tapiary::server
