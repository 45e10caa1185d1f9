#include "server/audit/actions.h"

#include <gtest/gtest.h>

#include <set>

#include "server/alert/conditions.h"

namespace tapiary::server {
namespace {

TEST(AuditActions, EachOnceAndAlarmsAreAmongThem) {
  const auto actions = AuditActions();
  EXPECT_EQ(std::set<std::string_view>(actions.begin(), actions.end()).size(), actions.size());
  for (const std::string& alarm : AlarmActions()) EXPECT_TRUE(IsAuditAction(alarm)) << alarm;
  EXPECT_FALSE(IsAuditAction("nosuch"));
  EXPECT_FALSE(IsAuditAction(""));
  EXPECT_TRUE(AuditActionList().starts_with("search, view, "));
}

}  // namespace
}  // namespace tapiary::server
