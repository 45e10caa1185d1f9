#include "server/alert/rule_store.h"

#include <nlohmann/json.hpp>

#include "tests/server/alert/fixture.h"

namespace tapiary::server::test {
namespace {

class RuleStore : public AlertFixture {
 protected:
  AlertRule Parsed(const std::string& name) {
    return *ParseRule(R"({"filter":"command","name":")" + name + "\"}");
  }
};

TEST_F(RuleStore, KeepsRulesAndTellsTheAuditLog) {
  const std::int64_t id = Rule(R"({"name":"a","filter":"command","note":"n"})");
  auto stored = FindRule(*catalog_, id);
  ASSERT_TRUE(stored) << stored.error().message;
  EXPECT_EQ(stored->rule.name, "a");
  EXPECT_EQ(stored->changed_by, "tester");
  stored->rule.name = "b";
  stored->rule.enabled = false;
  ASSERT_TRUE(ReplaceRule(*catalog_, stored->rule, {"other"}, kNow + 1));
  const auto json = nlohmann::json::parse(StoredRuleJson(*FindRule(*catalog_, id)));
  EXPECT_EQ(json["id"], id);
  EXPECT_EQ(json["name"], "b");
  EXPECT_EQ(json["enabled"], false);
  EXPECT_EQ(json["changed_by"], "other");
  EXPECT_EQ(json["trouble"], nullptr);
  ASSERT_TRUE(DeleteRule(*catalog_, id, {"other"}, kNow + 2));
  EXPECT_EQ(FindRule(*catalog_, id).error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(DeleteRule(*catalog_, id, {"x"}, kNow).error().code, base::ErrorCode::kNotFound);
  EXPECT_EQ(ReplaceRule(*catalog_, stored->rule, {"x"}, kNow).error().code,
            base::ErrorCode::kNotFound);
  EXPECT_EQ(Count("audit WHERE action LIKE 'alert-rule-%'"), 3);
}

TEST_F(RuleStore, NamesAreUniqueAmongThoseThatAreThere) {
  const std::int64_t id = Rule(R"({"name":"a","filter":"command"})");
  EXPECT_EQ(CreateRule(*catalog_, Parsed("a"), {"t"}, kNow).error().code, base::ErrorCode::kExists);
  Rule(R"({"name":"b","filter":"command"})");
  AlertRule renamed = Parsed("b");
  renamed.id = id;
  EXPECT_EQ(ReplaceRule(*catalog_, renamed, {"t"}, kNow).error().code, base::ErrorCode::kExists);
  ASSERT_TRUE(DeleteRule(*catalog_, id, {"t"}, kNow));
  const auto again = CreateRule(*catalog_, Parsed("a"), {"t"}, kNow);
  ASSERT_TRUE(again);
  EXPECT_NE(*again, id);  // alerts of the old one stay its own
  EXPECT_EQ(ListRules(*catalog_)->size(), 2u);
}

TEST_F(RuleStore, AreBounded) {
  for (std::size_t i = 0; i < kMaxRules; ++i) {
    ASSERT_TRUE(CreateRule(*catalog_, Parsed("r" + std::to_string(i)), {"t"}, kNow));
  }
  EXPECT_EQ(CreateRule(*catalog_, Parsed("more"), {"t"}, kNow).error().code,
            base::ErrorCode::kTooLarge);
}

TEST_F(RuleStore, TroubleShowsUntilTheRuleIsChanged) {
  const std::int64_t id = Rule(R"({"name":"a","filter":"command"})");
  ASSERT_TRUE(NoteRuleTrouble(*catalog_, id, "too slow\n", kNow));
  const auto json = nlohmann::json::parse(StoredRuleJson(*FindRule(*catalog_, id)));
  EXPECT_EQ(json["trouble"]["text"], "too slow\\x5cx0a");
  AlertRule same = Parsed("a");
  same.id = id;
  ASSERT_TRUE(ReplaceRule(*catalog_, same, {"t"}, kNow));
  EXPECT_EQ(FindRule(*catalog_, id)->trouble, "");
}

}  // namespace
}  // namespace tapiary::server::test
