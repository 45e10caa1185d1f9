#include "server/alert/alert_stream.h"

#include "tests/server/alert/api_fixture.h"

namespace tapiary::server::test {
namespace {

TEST_F(AlertApi, TheStreamTellsNewAlertsOnce) {
  Rule(kRule);
  Raise(2);
  Response response = Call("GET", "/stream");
  EXPECT_EQ(response.content_type, "text/event-stream");
  ASSERT_TRUE(response.stream);
  EXPECT_EQ(ReadSome(*response.stream), "retry: 2000\n\n");
  EXPECT_EQ(ReadSome(*response.stream), ": \n\n");
  Raise(2);
  const std::string text = ReadSome(*response.stream);
  EXPECT_TRUE(text.starts_with("id: 3\nevent: alert\ndata: {\"id\":3,")) << text;
  EXPECT_NE(text.find("\n\nid: 4\n"), std::string::npos);
  stopping_ = true;
  EXPECT_EQ(ReadSome(*response.stream), "");
}

TEST_F(AlertApi, TheStreamGoesOnWhereItEnded) {
  Rule(kRule);
  Raise(3);
  Response response = Call("GET", "/stream", "", {{"after", "2"}});
  ASSERT_TRUE(response.stream);
  ReadSome(*response.stream);
  const std::string text = ReadSome(*response.stream);
  EXPECT_TRUE(text.starts_with("id: 3\n")) << text;
  EXPECT_EQ(text.find("id: 2\n"), std::string::npos);
}

TEST_F(AlertApi, TheStreamAfterNoneTellsAll) {
  Rule(kRule);
  Raise(2);
  Response response = Call("GET", "/stream", "", {{"after", "0"}});
  ASSERT_TRUE(response.stream);
  ReadSome(*response.stream);
  const std::string text = ReadSome(*response.stream);
  EXPECT_TRUE(text.starts_with("id: 1\n")) << text;
  EXPECT_NE(text.find("\n\nid: 2\n"), std::string::npos);
}

// More than one look takes.
TEST_F(AlertApi, TheStreamLeavesOutNoneOfMany) {
  Rule(kRule);
  Raise(1);
  constexpr int kMany = 700;
  Execute(
      "INSERT INTO alerts (id, rule_id, rule, severity, row_key, group_key, sensor, created_ns, "
      "last_ns, matches, record) WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n "
      "WHERE i < 700) SELECT n.i, a.rule_id, a.rule, a.severity, CAST(n.i AS TEXT), a.group_key, "
      "a.sensor, a.created_ns, a.last_ns, 1, '{}' FROM alerts a CROSS JOIN n WHERE a.id = 1");
  Response response = Call("GET", "/stream", "", {{"after", "1"}});
  ASSERT_TRUE(response.stream);
  std::string text = ReadSome(*response.stream);
  while (!text.ends_with(": \n\n")) text += ReadSome(*response.stream);
  for (int id = 2; id <= kMany; ++id) {
    ASSERT_NE(text.find("\nid: " + std::to_string(id) + "\n"), std::string::npos) << id;
  }
}

TEST_F(AlertApi, StreamsAreFew) {
  std::vector<Response> open;
  for (int i = 0; i < kMaxStreams; ++i) {
    open.push_back(Call("GET", "/stream"));
    ASSERT_TRUE(open.back().stream);
  }
  EXPECT_EQ(Call("GET", "/stream").status, 503);
  open.pop_back();
  EXPECT_EQ(Call("GET", "/stream").status, 200);
}

TEST_F(AlertApi, AStreamEndsAfterItsLife) {
  std::atomic<int> open{0};
  auto stream =
      AlertStream::Open(*catalog_, std::nullopt, open, stopping_, {1'000'000, 1'000'000, 0});
  ASSERT_TRUE(stream);
  ReadSome(**stream);
  EXPECT_EQ(ReadSome(**stream), "");
  stream->reset();
  EXPECT_EQ(open, 0);
}

}  // namespace
}  // namespace tapiary::server::test
