#include "server/ingest/ingest.h"

#include "server/ingest/live_tail.h"

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

TEST_F(IngestTest, SensorsAreAskedToHurryWhileSomebodyFollows) {
  ASSERT_TRUE(LiveTail::Note(*catalog_, base::WallNow()));
  EXPECT_EQ(Put("segments", 1, 1, {MakeSegment(0)}).headers[kSegmentAgeHeader], "2");
  EXPECT_EQ(Put("segments", 1, 1, {MakeSegment(0)}).headers[kSegmentAgeHeader], "2");  // again
  EXPECT_FALSE(Put("segments", 1, 1, {MakeSegment(1)}).headers.contains(kSegmentAgeHeader));
  EXPECT_FALSE(Call("POST", "events", {"{}"}).headers.contains(kSegmentAgeHeader));
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

TEST_F(IngestTest, HP04_EveryPathHasTheSensorsLimits) {
  IngestLimits limits;
  limits.sensor.uploads = 1;
  Start(limits);
  std::vector<Pass> held;
  int refused = 0;
  for (const Route& route : ingest_->Routes()) {
    Request request;
    request.identity.sensor_id = 5;
    held.push_back(route.admit(request));
    refused += held.back().refusal ? 1 : 0;
  }
  EXPECT_EQ(refused, 4);
  held.clear();
  std::uint64_t limited = 0;
  for (const auto& row : ingest_->metrics().rows)
    limited += row.result == "limited" ? row.items : 0;
  EXPECT_EQ(limited, 4u);
}

TEST_F(IngestTest, NoPathTakesParameters) {
  for (const Route& route : ingest_->Routes()) {
    Request request;
    request.identity.sensor_id = 5;
    request.query["source"] = "1";
    const Pass pass = route.admit(request);
    ASSERT_TRUE(pass.refusal) << route.pattern;
    EXPECT_EQ(pass.refusal->status, 400);
    EXPECT_NE(pass.refusal->body.find("unknown parameter 'source'; there are none"),
              std::string::npos)
        << pass.refusal->body;
  }
  for (const auto& row : ingest_->metrics().rows) EXPECT_EQ(row.result, "refused");
  EXPECT_EQ(ingest_->metrics().rows.size(), 5u);
}

TEST_F(IngestTest, HP04_ABodyOfUnknownLengthIsPaidToo) {
  IngestLimits limits;
  limits.sensor.bytes_per_s = 1;
  Start(limits);
  const Router::Match match = router_->Find("POST", "/api/v1/ingest/events");
  class Spaces : public BodySource {
   public:
    base::Result<std::size_t> Read(std::span<char> into) override {
      const std::size_t size = std::min(left_, into.size());
      std::fill_n(into.begin(), size, ' ');
      left_ -= size;
      return size;
    }
    std::size_t left_ = 100;
  } body;
  Request request;
  request.identity.sensor_id = 5;
  EXPECT_FALSE(match.route->admit(request).refusal);
  (void)match.route->handler(request, body);
  EXPECT_TRUE(match.route->admit(request).refusal);
}

}  // namespace
}  // namespace tapiary::server::test
