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

}  // namespace
}  // namespace tapiary::server::test
