#include "base/clock.h"
#include "tests/server/audit/fixture.h"

namespace tapiary::server::test {
namespace {

constexpr std::int64_t kDay = 24LL * 3600 * base::kNanosPerSecond;

TEST_F(AuditTest, TrimsByAgeAndByNumberOfEachActionAndKeepsTheCatalogsTag) {
  const std::int64_t now_ns = base::WallNow();
  const auto add = [&](const std::string& action, std::int64_t age_ns) {
    Execute("INSERT INTO audit (time_ns, actor, action, detail) VALUES (?, 'ann', ?, '')",
            {now_ns - age_ns, action});
  };
  add("catalog-tag", 5000 * kDay);
  add("login", 800 * kDay);
  for (int i = 0; i < 12; ++i) add("search", (20 - i) * kDay);
  add("login", 700 * kDay);
  const AccessLogOptions options{.keep_ns = 730 * kDay, .keep_rows = 5};
  const auto removed = TrimAudit(*catalog_, options, now_ns);
  ASSERT_TRUE(removed) << removed.error().message;
  EXPECT_EQ(*removed, 1 + 7);
  const auto rows = Rows();
  ASSERT_EQ(rows.size(), 1U + 5U + 1U + 1U);
  EXPECT_TRUE(rows.front().starts_with("ann catalog-tag"));
  EXPECT_TRUE(rows.back().starts_with("collector audit-trimmed 8 rows"));
  EXPECT_EQ(*TrimAudit(*catalog_, options, now_ns), 0);
  EXPECT_EQ(Rows().size(), 8U);
}

}  // namespace
}  // namespace tapiary::server::test
