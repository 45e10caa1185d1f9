// The catalog's schema for SQLite, by version. Applied in order inside one transaction; the number
// of applied steps is kept in PRAGMA user_version. Never edit a released step: append one.
#pragma once

#include <span>

namespace tapiary::server {

std::span<const char* const> SchemaSteps();

}  // namespace tapiary::server
