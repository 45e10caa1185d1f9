#include "server/ingest/event_rejects.h"

#include "tests/server/ingest/fixture.h"

namespace tapiary::server::test {
namespace {

using EventRejects = IngestFixture;

TEST_F(EventRejects, TheNewestOfEachSensorStay) {
  const auto done = catalog_->Write([](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(writer.Execute(
        "INSERT INTO sensors (id, name, created_ns) VALUES (77, 'a', 0), (78, 'b', 0)", {}));
    for (std::uint64_t i = 0; i < 9; ++i) {
      const RowOwner owner{i < 2 ? 77 : 78, "", 5};
      TAPIARY_TRY(InsertReject(writer, owner, {i, "why", "raw", 3}));
      TAPIARY_TRY(DropOldRejects(writer, owner, 4));
    }
    return {};
  });
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(Count("event_rejects WHERE sensor_id = 77"), 2);
  EXPECT_EQ(Count("event_rejects WHERE sensor_id = 78"), 4);
  EXPECT_EQ(Count("event_rejects WHERE sensor_id = 78 AND place >= 5"), 4);
}

TEST_F(EventRejects, CO02_CO03_RawBytesAreKeptEscaped) {
  const std::string body = "{\"a\":1}\n" + std::string("{\"a\":\0\xff", 7) + "\n{\"b\":2}\n{" +
                           std::string(300'000, 'y');
  const Answer answer = Call("POST", "events", {body});
  ASSERT_EQ(answer.status, 201) << answer.text;
  EXPECT_EQ(answer.json["stored"], 2);
  EXPECT_EQ(answer.json["rejected"].size(), 2u);
  EXPECT_EQ(Row("SELECT place, reason, bytes, raw FROM event_rejects ORDER BY id"),
            (std::vector<std::string>{"1", "not valid JSON", "7", R"({"a":\x00\xff)"}));
  EXPECT_EQ(Row("SELECT place, bytes, length(raw) FROM event_rejects ORDER BY id DESC"),
            (std::vector<std::string>{"3", "300001", "16384"}));
  EXPECT_EQ(Count("events"), 2);
}

}  // namespace
}  // namespace tapiary::server::test
