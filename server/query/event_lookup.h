// The fastest way to the events of a source address: the index events_by_source has them by run,
// 4096 events that were stored one after the other, and by address within each. So what is inserted
// touches few pages, however many addresses there are; a search looks into each run, newest first,
// which takes some microseconds. PostgreSQL has an index by address, and joins what that finds to
// the runs. Pure; any thread.
#pragma once

#include <string_view>

#include "server/query/filter.h"

namespace tapiary::server {

// The tables of such a search, runs b and events e, and what they must meet, beside a condition on
// e.source_ip.
inline constexpr std::string_view kEventsByRun = "event_runs b CROSS JOIN events e";
inline constexpr std::string_view kIsInRun = "e.run = b.number";

// Whether every event that passes the filter has one of the source addresses that it names.
bool AsksForSource(const Filter& filter);

}  // namespace tapiary::server
