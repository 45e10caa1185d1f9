#include "server/ingest/item.h"

#include "base/text.h"
#include "tests/server/ingest/fixture.h"
#include "uplink/wire/wire.h"

namespace tapiary::server::test {
namespace {

using ItemTest = IngestFixture;

TEST_F(ItemTest, NumbersMadeHereAreAboveThoseOfSensorsAndFitSqlite) {
  for (int i = 0; i < 100; ++i) {
    const auto hash = base::Sha256Of(base::AsBytes(std::to_string(i)));
    EXPECT_GT(EpochOf(hash), uplink::kMaxEpoch);
    EXPECT_LE(EpochOf(hash), static_cast<std::uint64_t>(INT64_MAX));
    EXPECT_LE(SeqOf(hash), static_cast<std::uint64_t>(INT64_MAX));
  }
}

TEST_F(ItemTest, FailedRowsTakeTheItemWithThem) {
  Item item{.sensor_id = 5, .sensor = "plant-a", .kind = "segments", .epoch = 1, .seq = 2};
  const auto stored = StoreItem(*catalog_, item, [](SqlWriter&, const ItemRow&) {
    return base::Result<>(base::MakeError(base::ErrorCode::kInvalid, "no"));
  });
  EXPECT_FALSE(stored);
  EXPECT_FALSE(*IsKnown(*catalog_, item));
  EXPECT_EQ(Row("SELECT last_seen_ns FROM sensors")[0], "NULL");
}

// A sensor that comes back with the same every minute, beside people who search.
TEST_F(ItemTest, AnAlarmIsToldOnceHoweverMuchElseTheAuditHas) {
  const auto tell = [this](const std::string& detail) {
    return catalog_->Write(
        [&](SqlWriter& writer) { return Alarm(writer, "plant-a", "digest-conflict", detail); });
  };
  ASSERT_TRUE(tell("segments 1/2"));
  ASSERT_TRUE(catalog_->Write([](SqlWriter& writer) -> base::Result<> {
    for (int i = 0; i < 1500; ++i) {
      TAPIARY_TRY(AddAudit(writer, "ann", "search", std::to_string(i)));
    }
    return {};
  }));
  ASSERT_TRUE(tell("segments 1/2"));
  EXPECT_EQ(Count("audit WHERE action = 'digest-conflict'"), 1);
  ASSERT_TRUE(tell("segments 1/3"));
  EXPECT_EQ(Count("audit WHERE action = 'digest-conflict'"), 2);
}

}  // namespace
}  // namespace tapiary::server::test
