// The audit's words for what was done (docs/audit.md). Any thread.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace tapiary::server {

std::span<const std::string_view> AuditActions();
bool IsAuditAction(std::string_view action);
// "search, view, ...": all of them, for a message to who named another one.
std::string AuditActionList();

}  // namespace tapiary::server
