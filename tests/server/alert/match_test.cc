#include "server/alert/match.h"

#include <nlohmann/json.hpp>

#include "tests/server/alert/fixture.h"

namespace tapiary::server::test {
namespace {

class Matching : public AlertFixture {
 protected:
  MatchResult Since(const std::string& rule) {
    const auto parsed = ParseRule(rule);
    EXPECT_TRUE(parsed) << parsed.error().message;
    auto result = MatchSince(*catalog_, *parsed, 0, 1'000'000);
    EXPECT_TRUE(result) << result.error().message;
    return std::move(*result);
  }
};

TEST_F(Matching, GroupsByWhatTheRuleNames) {
  Facts({Command(1), Command(2), Command(3, 0, 10)});
  const auto groups = [this](const std::string& by) {
    std::string keys;
    for (const auto& [key, match] :
         Since(R"({"name":"a","filter":"command","group_by":[)" + by + "]}").groups) {
      keys += key + std::to_string(match.matches);
    }
    return keys;
  };
  EXPECT_EQ(groups(""), "{}3");
  EXPECT_EQ(groups(R"("ip.src")"), R"({"ip.src":"192.0.2.10"}1{"ip.src":"192.0.2.9"}2)");
  EXPECT_EQ(groups(R"("ip.dst","service","operation","technique","user")"),
            R"({"ip.dst":"10.0.0.1","service":"modbus","operation":"write_single_register",)"
            R"("technique":"T0855","user":""}3)");
}

// As everywhere: what a honeypot does not say is null, no empty text.
TEST_F(Matching, EndsThatAnEventDoesNotNameAreNull) {
  IngestEvent("cowrie.login.failed", "root", "203.0.113.7");
  const auto result = Since(R"({"name":"a","filter":"event.type ~ \".\""})");
  ASSERT_EQ(result.groups.size(), 1u);
  const auto match = nlohmann::json::parse(result.groups.begin()->second.rows.at(0).record);
  EXPECT_EQ(match["src"]["ip"], "203.0.113.7");
  EXPECT_TRUE(match["dst"]["ip"].is_null()) << match.dump();
}

TEST_F(Matching, KeepsAFewRowsAndCountsAll) {
  capture::RecordBatch many;
  for (std::uint64_t i = 0; i < 50; ++i) many.transactions.push_back(Command(i));
  Ingest("facts", many);
  const auto result = Since(R"({"name":"a","filter":"command"})");
  ASSERT_EQ(result.groups.size(), 1u);
  EXPECT_EQ(result.groups.begin()->second.rows.size(), kRowsKept);
  EXPECT_EQ(result.groups.begin()->second.matches, 50);
  EXPECT_FALSE(result.partial);
}

TEST_F(Matching, GroupsAreBounded) {
  capture::RecordBatch many;
  for (std::uint64_t i = 0; i < kMaxGroups + 50; ++i) {
    auto one = Command(i);
    one.operation = "op" + std::to_string(i);
    many.transactions.push_back(one);
  }
  Ingest("facts", many);
  const auto result = Since(R"({"name":"a","filter":"command","group_by":["operation"]})");
  EXPECT_EQ(result.groups.size(), kMaxGroups + 1);
  EXPECT_EQ(result.groups.at(kManyGroups).matches, 50);
}

TEST_F(Matching, AHugeRecordIsLeftOut) {
  auto one = Command(1);
  one.detail = {{"blob", std::string(100'000, 'x')}};
  Facts({one});
  const auto result = Since(R"({"name":"a","filter":"command"})");
  const std::string& record = result.groups.begin()->second.rows.front().record;
  EXPECT_LT(record.size(), 1000u);
  EXPECT_FALSE(nlohmann::json::parse(record).contains("record"));
}

TEST_F(Matching, WorkOfOtherKindsIsNotLookedAt) {
  const auto rule = *ParseRule(R"({"name":"a","filter":"command"})");
  const std::int64_t received = Facts({Command(1)});
  const auto found = [&](const std::string& kind, std::int64_t received_ns) {
    return MatchWork(*catalog_, rule, {{1, kind, received_ns}})->groups.size();
  };
  EXPECT_EQ(found("facts", received), 1u);
  EXPECT_EQ(found("pcap", received), 1u);
  EXPECT_EQ(found("flows", received), 0u);
  EXPECT_EQ(found("events", received), 0u);
  EXPECT_EQ(found("facts", received + 1), 0u);
}

}  // namespace
}  // namespace tapiary::server::test
