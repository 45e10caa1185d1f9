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
  auto stream = AlertStream::Open(*catalog_, 0, open, stopping_, {1'000'000, 1'000'000, 0});
  ASSERT_TRUE(stream);
  ReadSome(**stream);
  EXPECT_EQ(ReadSome(**stream), "");
  stream->reset();
  EXPECT_EQ(open, 0);
}

}  // namespace
}  // namespace tapiary::server::test
