#include "server/alert/work.h"

#include "tests/server/alert/fixture.h"

namespace tapiary::server::test {
namespace {

class Work : public AlertFixture {};

TEST_F(Work, IsOursAtOnceAndOthersLater) {
  Rule(R"({"name":"a","filter":"command"})");
  const std::int64_t received = Ingest("facts", {});
  const auto count = [&](std::int64_t run, std::int64_t now_ns) {
    const auto found = FindAlertWork(*catalog_, run, now_ns, 10);
    EXPECT_TRUE(found);
    return found->size();
  };
  EXPECT_EQ(count(CollectorRun(), received), 1u);
  EXPECT_EQ(count(CollectorRun() - 1, received + kOrphanWorkNs), 0u);
  EXPECT_EQ(count(CollectorRun() - 1, received + kOrphanWorkNs + 1), 1u);
}

TEST_F(Work, ComesInOrderAndPortions) {
  Rule(R"({"name":"a","filter":"command"})");
  for (const char* kind : {"facts", "flows", "pcap", "events", "segments"}) Ingest(kind, {});
  const auto found = FindAlertWork(*catalog_, CollectorRun(), 0, 3);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->size(), 3u);
  EXPECT_EQ((*found)[0].kind, "facts");
  EXPECT_EQ((*found)[2].kind, "pcap");
  EXPECT_EQ(Count("alert_work"), 4);
}

TEST_F(Work, OnlyOneFinishesIt) {
  Rule(R"({"name":"a","filter":"command"})");
  Ingest("facts", {});
  const std::int64_t id = std::stoll(Value("SELECT id FROM alert_work"));
  const auto finish = [&] {
    bool ours = false;
    EXPECT_TRUE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
      TAPIARY_ASSIGN(ours, FinishAlertWork(writer, id));
      return {};
    }));
    return ours;
  };
  EXPECT_TRUE(finish());
  EXPECT_FALSE(finish());
}

TEST_F(Work, GoesWithItsTransaction) {
  Rule(R"({"name":"a","filter":"command"})");
  EXPECT_FALSE(catalog_->Write([&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(AddAlertWork(writer, "facts", 1));
    return base::MakeError(base::ErrorCode::kInternal, "the item failed");
  }));
  EXPECT_EQ(Count("alert_work"), 0);
}

}  // namespace
}  // namespace tapiary::server::test
