// The real server and requests that two readers could take for different messages.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/http/server.h"
#include "tests/server/http/server_fixture.h"

namespace tapiary::server {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class Framing : public ServerFixture {
 protected:
  // Sends a PUT with these header lines, and behind it what would be a second request. Expects
  // `status` and nothing after it.
  void ExpectEnds(const std::string& lines, int status) {
    RawClient client(plain_port(), false);
    client.Send(Head("PUT", "/in", "sensor-token", lines) + Head("GET", "/hello?a=smuggled"));
    const std::string answer = client.ReadAnswer();
    EXPECT_THAT(answer, StartsWith("HTTP/1.1 " + std::to_string(status))) << lines;
    EXPECT_THAT(answer, HasSubstr("application/problem+json")) << lines;
    EXPECT_THAT(answer, HasSubstr("Connection: close")) << lines;
    EXPECT_THAT(client.ReadUntil("smuggled", 300), Not(HasSubstr("smuggled"))) << lines;
    EXPECT_EQ(seen_.handler_calls, 0) << lines;
  }
};

TEST_F(Framing, OnlyChunkedIsKnown) {
  Start();
  for (const char* coding : {"xchunked", "identity", "gzip, chunked", "chunked, chunked",
                             "chunked;a=b", "\"chunked\"", "chunked,"}) {
    ExpectEnds(std::string("Transfer-Encoding: ") + coding + "\r\n", 501);
  }
  ExpectEnds("Transfer-Encoding:\r\n", 501);
}

TEST_F(Framing, ChunkedInAnyCaseIsTaken) {
  Start();
  for (const char* coding : {"chunked", "Chunked", "CHUNKED  "}) {
    const std::string line = std::string("Transfer-Encoding: ") + coding + "\r\n";
    EXPECT_THAT(Ask(Head("PUT", "/in", "sensor-token", line) + "1\r\nx\r\n0\r\n\r\n"),
                StartsWith("HTTP/1.1 201"));
  }
  EXPECT_EQ(seen_.body_bytes, 3U);
}

TEST_F(Framing, FieldsThatMustNotComeTwice) {
  Start();
  for (const char* lines :
       {"Host: other\r\n", "Authorization: Bearer sensor-token\r\n",
        "Content-Length: 0\r\nContent-Length: 0\r\n", "content-digest: a\r\nContent-Digest: b\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"}) {
    ExpectEnds(lines, 400);
  }
}

TEST_F(Framing, Http11NeedsHost) {
  Start();
  EXPECT_THAT(Ask("GET /hello?a=b HTTP/1.1\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  EXPECT_THAT(Ask("GET /hello?a=b HTTP/1.0\r\n\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_F(Framing, Http10GetsNoChunksAndNoContinue) {
  Start();
  const std::string token = "Authorization: Bearer ";
  const std::string stream = Ask("GET /stream HTTP/1.0\r\n" + token + "viewer-token\r\n\r\n");
  EXPECT_THAT(stream, StartsWith("HTTP/1.1 505"));
  EXPECT_THAT(stream, Not(HasSubstr("chunked\r\n")));
  EXPECT_TRUE(WaitUntil([&] { return seen_.streams_alive == 0; }, 2000));
  const std::string put = "PUT /in HTTP/1.0\r\n" + token + "sensor-token\r\n";
  EXPECT_THAT(Ask(put + "Expect: 100-continue\r\nContent-Length: 1\r\n\r\nx"),
              StartsWith("HTTP/1.1 201"));
  EXPECT_THAT(Ask(put + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
              StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(seen_.body_bytes, 1U);
  RawClient client(plain_port(), false);
  client.Send("GET /hello?a=b HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  EXPECT_THAT(client.ReadAnswer(), EndsWith("hello b"));
  EXPECT_TRUE(client.WaitForClose(2000));
}

}  // namespace
}  // namespace tapiary::server
