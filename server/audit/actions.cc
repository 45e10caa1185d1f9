#include "server/audit/actions.h"

#include <fmt/ranges.h>

#include <algorithm>

namespace tapiary::server {

std::span<const std::string_view> AuditActions() {
  static constexpr std::string_view kActions[] = {
      "search",
      "view",
      "download",
      "login",
      "login failed",
      "logout",
      "session end",
      "user create",
      "user change",
      "user password",
      "user remove",
      "token create",
      "token rotate",
      "token revoke",
      "pin-created",
      "pin-removed",
      "sensor-key-pinned",
      "sensor-key-trusted",
      "sensor-key-refused",
      "alert-rule-created",
      "alert-rule-changed",
      "alert-rule-deleted",
      "alert-acknowledged",
      "alert-message-retried",
      "alert-target-tested",
      "digest-conflict",
      "record-conflict",
      "segment-conflict",
      "item-altered",
      "bad-signature",
      "unsigned-facts",
      "chain-forked",
      "chain-restarted",
      "sensor-key-changed",
      "data-removed",
      "audit-trimmed",
      "audit-gap",
      "collector-key",
      "catalog-tag",
  };
  return kActions;
}

bool IsAuditAction(std::string_view action) {
  return std::ranges::find(AuditActions(), action) != AuditActions().end();
}

std::string AuditActionList() {
  return fmt::format("{}", fmt::join(AuditActions(), ", "));
}

}  // namespace tapiary::server
