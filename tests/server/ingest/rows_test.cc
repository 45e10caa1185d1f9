#include "server/ingest/rows.h"

#include "tests/server/ingest/fixture.h"

namespace tapiary::server::test {
namespace {

class Rows : public IngestFixture {
 protected:
  void Write(const std::function<base::Result<>(SqlWriter&, const RowOwner&)>& work) {
    const auto written = catalog_->Write([&work](SqlWriter& writer) {
      return work(writer, {5, "plant-a", 1'000'000'000});
    });
    ASSERT_TRUE(written) << written.error().message;
  }
  void Health(std::uint64_t epoch, std::uint64_t seq, const std::string& state,
              std::int64_t time_ns = 0) {
    uplink::SensorHealth health;
    health.state = state;
    health.time_ns = time_ns;
    Write([&](SqlWriter& writer, const RowOwner& owner) {
      return SetHealth(writer, owner, epoch, seq, health);
    });
  }
  Added Ledger(const capture::LedgerRow& row) {
    Added added = Added::kYes;
    Write([&](SqlWriter& writer, const RowOwner& owner) -> base::Result<> {
      TAPIARY_ASSIGN(added, AddLedger(writer, owner, 1, row));
      return {};
    });
    return added;
  }
};

TEST_F(Rows, ValuesFitTheColumns) {
  EXPECT_EQ(std::get<std::int64_t>(NumberValue(UINT64_MAX)), INT64_MAX);
  EXPECT_EQ(std::get<std::int64_t>(AmountValue(UINT64_MAX)), INT64_MAX / 2);
  EXPECT_EQ(std::get<std::string>(TextValue("a\xff")), "a\\xff");
  EXPECT_TRUE(std::holds_alternative<std::nullptr_t>(AddressValue({})));
  EXPECT_EQ(
      std::get<std::vector<std::uint8_t>>(AddressValue(*capture::ParseIpAddress("::1"))).size(),
      16u);
}

TEST_F(Rows, NewestHealthStandsWhateverTheClock) {
  Health(2, 5, "ok", 100);
  Health(2, 4, "older", 200);
  EXPECT_EQ(Row("SELECT health->>'$.state' FROM sensors")[0], "ok");
  Health(3, 0, "restarted", 1);
  EXPECT_EQ(Row("SELECT health->>'$.state' FROM sensors")[0], "restarted");
}

TEST_F(Rows, HP01_HealthSaysHowFarTheClockIsOff) {
  Health(1, 1, "ok", 87'401'000'000'000);  // a day ahead of what came at 1 s
  EXPECT_EQ(std::stod(Row("SELECT health->>'$.clock_skew' FROM sensors")[0]), 87400.0);
  EXPECT_EQ(Row("SELECT health->>'$.time' FROM sensors")[0], "1970-01-02T00:16:41.000000000Z");
  EXPECT_EQ(Row("SELECT health->>'$.received' FROM sensors")[0], "1970-01-01T00:00:01.000000000Z");
}

TEST_F(Rows, LedgerKeepsTheRowThatOffersMost) {
  for (const std::uint64_t offered : {5u, 9u, 7u}) {
    EXPECT_EQ(Ledger({.interface = "tap0", .offered = offered, .lost = {}, .mirror = {}}),
              Added::kYes);
  }
  EXPECT_EQ(Row("SELECT COUNT(*), MIN(offered) FROM ledger"), (std::vector<std::string>{"1", "9"}));
}

TEST_F(Rows, LedgerThatShrinksInOneTotalIsKeptOut) {
  const capture::LedgerRow row{.interface = "tap0",
                               .offered = 10,
                               .recorded = 5,
                               .filtered = 2,
                               .lost = {{"kernel-ring", 3}},
                               .mirror = {}};
  EXPECT_EQ(Ledger(row), Added::kYes);
  const auto stored = Row("SELECT * FROM ledger");
  for (int i = 0; i < 3; ++i) {
    capture::LedgerRow other = row;
    other.offered = 100;
    if (i == 0) other.recorded = 4;
    if (i == 1) other.filtered = 1;
    if (i == 2) other.lost.clear();
    EXPECT_EQ(Ledger(other), Added::kContradicts) << i;
    EXPECT_EQ(Row("SELECT * FROM ledger"), stored) << i;
  }
}

}  // namespace
}  // namespace tapiary::server::test
