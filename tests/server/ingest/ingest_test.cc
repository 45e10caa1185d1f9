#include "server/ingest/ingest.h"

#include "tests/server/ingest/fixture.h"

namespace tapiary::server::test {
namespace {

using IngestTest = IngestFixture;

TEST_F(IngestTest, OffersTheFivePathsToSensorsOnly) {
  const auto routes = ingest_->Routes();
  EXPECT_EQ(routes.size(), 5u);
  for (const Route& route : routes) {
    EXPECT_EQ(route.scope, Scope::kSensor);
    EXPECT_GT(route.max_body_bytes, 0u);
    EXPECT_TRUE(route.method == "PUT" || route.method == "POST");
  }
}

TEST_F(IngestTest, CO06_WrongPathsAndMissingDigestAre400AndLeaveNothing) {
  const auto before = State();
  for (const char* path : {"segments/x/1", "segments/1/-1", "flows/01/1", "facts/1/1e3"}) {
    ExpectProblem(Call("PUT", path, {"x"}, {{"content-digest", Digest("x")}}), 400);
  }
  for (const char* path : {"segments/1/1", "flows/1/1", "facts/1/1"}) {
    ExpectProblem(Call("PUT", path, {"x"}), 400);
  }
  EXPECT_EQ(State(), before);
}

TEST_F(IngestTest, CountsWhatBecameOfIt) {
  Call("POST", "events", {"{}"});
  Call("POST", "events", {"nonsense"});
  std::map<std::string, std::uint64_t> items;
  for (const auto& row : ingest_->metrics().rows) items[row.kind + "/" + row.result] = row.items;
  EXPECT_EQ(items["events/stored"], 1u);
  EXPECT_EQ(items["events/refused"], 1u);
}

// The catalog cannot be written: the sender is told to come again, and the object is gone.
TEST_F(IngestTest, RefusedTransactionTakesTheObjectWithIt) {
  ASSERT_TRUE(catalog_->Write([](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(writer.Execute("ALTER TABLE segments RENAME COLUMN object TO elsewhere", {}));
    return {};
  }));
  const auto before = State();
  EXPECT_GE(Put("segments", 1, 1, {MakeSegment(0)}).status, 500);
  capture::test::PacketList list;
  ModbusTalk(list);
  EXPECT_GE(Call("POST", "pcap", {MakePcap(list.packets())}).status, 500);
  EXPECT_EQ(State(), before);
}

}  // namespace
}  // namespace tapiary::server::test
