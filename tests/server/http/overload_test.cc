// The real server when some callers hold on to what they can get: the others are still served.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <thread>
#include <vector>

#include "server/http/server.h"
#include "tests/server/http/server_fixture.h"

namespace tapiary::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::HasSubstr;
using testing::StartsWith;

class Overload : public ServerFixture {
 protected:
  // Connections that each send `head` and one byte of a body, and then nothing.
  void Hold(int count, const std::string& head) {
    for (int i = 0; i < count; ++i) {
      held_.push_back(std::make_unique<RawClient>(plain_port(), false));
      held_.back()->Send(head + "x");
    }
  }
  void ExpectServed() {
    const auto start = steady_clock::now();
    EXPECT_THAT(Ask(Head("GET", "/hello?a=b")), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(Ask(Head("GET", "/view", "viewer-token")), StartsWith("HTTP/1.1 200"));
    EXPECT_THAT(Ask(Head("PUT", "/in", "sensor-token-z", "Content-Length: 2\r\n") + "ab"),
                StartsWith("HTTP/1.1 201"));
    EXPECT_LT(steady_clock::now() - start, milliseconds(8000));  // those that hold have 10 s
  }
  // How many requests of the route were answered with 429.
  std::uint64_t Refused(const std::string& route) {
    std::uint64_t refused = 0;
    for (const HttpMetrics::Row& row : server_->metrics().rows) {
      if (row.route == route && row.status == 429) refused += row.requests;
    }
    return refused;
  }

  std::vector<std::unique_ptr<RawClient>> held_;
};

const char* const kThousand = "Content-Length: 1000\r\n";

TEST_F(Overload, WithoutATokenNoHandlerIsHeld) {
  options_.header_timeout_ns = 1'000'000'000;
  Start();
  Hold(40, Head("POST", "/public", "", kThousand));
  std::this_thread::sleep_for(milliseconds(200));
  ExpectServed();
  EXPECT_EQ(seen_.handler_calls, 1);  // ExpectServed's own
  for (int i = 0; i < 12; ++i) {      // a byte now and then does not help
    held_[0]->Send("x");
    std::this_thread::sleep_for(milliseconds(100));
  }
  EXPECT_TRUE(held_[0]->WaitForClose(1000));
  EXPECT_TRUE(held_[39]->WaitForClose(1000));
  EXPECT_EQ(seen_.handler_calls, 1);
}

TEST_F(Overload, APublicBodyComesWholeOrNotAtAll) {
  Start();
  RawClient client(tls_port());
  client.Send(Head("POST", "/public", "", "Expect: 100-continue\r\nContent-Length: 1024\r\n"));
  EXPECT_THAT(client.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  client.Send(std::string(1000, 'x'));
  std::this_thread::sleep_for(milliseconds(50));
  client.Send(std::string(24, 'x'));
  EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 201"));
  EXPECT_EQ(seen_.body_bytes, 1024U);
  client.Send(Head("POST", "/public", "", "Transfer-Encoding: chunked\r\n") + "2\r\nab\r\n" +
              "1\r\nc\r\n0\r\n\r\n");
  EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 201"));
  EXPECT_EQ(seen_.body_bytes, 1027U);
  client.Send(Head("POST", "/public", "", "Transfer-Encoding: chunked\r\n") + "401\r\n" +
              std::string(1025, 'x') + "\r\n0\r\n\r\n");
  EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 413"));
  EXPECT_EQ(seen_.handler_calls, 2);
}

TEST_F(Overload, OneTokenHoldsAQuarterOfTheHandlers) {
  options_.small_body_bytes = 0;
  Start();  // 16 threads
  const std::string upload = Head("PUT", "/in", "sensor-token", kThousand);
  Hold(4, upload);
  ASSERT_TRUE(WaitUntil([&] { return seen_.body_bytes == 4; }, 3000));
  const std::string refused = Ask(upload);  // before the body
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 429"));
  EXPECT_THAT(refused, HasSubstr("Retry-After: 5\r\n"));
  Hold(16, upload);
  ExpectServed();
  EXPECT_EQ(seen_.body_bytes, 6U);
  held_.clear();  // the places come back
  ASSERT_TRUE(WaitUntil([&] { return seen_.body_errors == 4; }, 3000));
  EXPECT_TRUE(WaitUntil(
      [&] {
        return Ask(Head("PUT", "/in", "sensor-token", "Content-Length: 1\r\n") + "x")
            .starts_with("HTTP/1.1 201");
      },
      2000));
}

TEST_F(Overload, RefusedConnectionsAreLoggedOnceAMinute) {
  options_.max_connections = 1;
  Start();
  RawClient first(plain_port(), false);
  first.Send(Head("GET", "/hello?a=b"));
  ASSERT_THAT(first.ReadAnswer(), StartsWith("HTTP/1.1 200"));
  testing::internal::CaptureStderr();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(RawClient(plain_port(), false).WaitForClose(2000));
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("1 connections refused, limit 1"));
  EXPECT_EQ(log.find("refused"), log.rfind("refused")) << log;
}

TEST_F(Overload, HP04_OneAddressDoesNotTakeAllConnections) {
  options_.connections_per_address = 2;
  Start();
  std::vector<std::unique_ptr<RawClient>> clients;
  const auto connect = [&] {
    clients.push_back(std::make_unique<RawClient>(tls_port()));
    return clients.back()->connected();
  };
  EXPECT_TRUE(connect());
  EXPECT_TRUE(connect());
  testing::internal::CaptureStderr();
  EXPECT_FALSE(connect());
  EXPECT_FALSE(connect());
  const std::string log = testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("1 connections refused, the last of 127.0.0.1: "));
  EXPECT_EQ(log.find("refused"), log.rfind("refused")) << log;
  EXPECT_EQ(server_->metrics().connections_refused, 2U);
  clients.clear();
  EXPECT_TRUE(WaitUntil(connect, 2000));
  clients.clear();
}

TEST_F(Overload, AProxyHasAsManyConnectionsAsItNeeds) {
  options_.connections_per_address = 1;
  options_.proxies = *TrustedProxies::Parse({"127.0.0.0/8"}, "");
  Start();
  const RawClient first(tls_port());
  const RawClient second(tls_port());
  EXPECT_TRUE(first.connected() && second.connected());
  RawClient plain(plain_port(), false);  // from this host alone
  plain.Send(Head("GET", "/hello?a=b"));
  EXPECT_THAT(plain.ReadAnswer(), StartsWith("HTTP/1.1 200"));
}

TEST_F(Overload, AllTokensHoldHalfOfTheHandlersAndTheNextWaits) {
  options_.small_body_bytes = 0;
  options_.body_wait_ns = 300'000'000;
  Start();
  const auto start = steady_clock::now();
  for (const char* token : {"sensor-token-a", "sensor-token-b"}) {
    Hold(4, Head("PUT", "/in", token, kThousand));
  }
  ASSERT_TRUE(WaitUntil([&] { return seen_.body_bytes == 8; }, 3000));
  const std::string refused = Ask(Head("PUT", "/in", "sensor-token-d", kThousand));
  EXPECT_GE(steady_clock::now() - start, milliseconds(300));
  EXPECT_THAT(refused, StartsWith("HTTP/1.1 503"));
  EXPECT_THAT(refused, HasSubstr("Retry-After: 5\r\n"));
  EXPECT_THAT(Ask(Head("GET", "/view", "viewer-token")), StartsWith("HTTP/1.1 200"));
}

TEST_F(Overload, AFreedPlaceGoesToWhoWaits) {
  options_.small_body_bytes = 0;
  Start();
  for (const char* token : {"sensor-token-a", "sensor-token-b"}) {
    Hold(4, Head("PUT", "/in", token, kThousand));
  }
  ASSERT_TRUE(WaitUntil([&] { return seen_.body_bytes == 8; }, 3000));
  RawClient waits(plain_port(), false);
  waits.Send(Head("PUT", "/in", "sensor-token-d", "Expect: 100-continue\r\nContent-Length: 2\r\n"));
  std::this_thread::sleep_for(milliseconds(100));
  EXPECT_EQ(seen_.handler_calls, 8);
  held_.pop_back();
  EXPECT_THAT(waits.ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
  waits.Send("ab");
  EXPECT_THAT(waits.ReadAnswer(), StartsWith("HTTP/1.1 201"));
}

TEST_F(Overload, StopDoesNotWaitForThoseThatWait) {
  options_.small_body_bytes = 0;
  options_.body_wait_ns = 60'000'000'000;
  Start();
  for (const char* token : {"sensor-token-a", "sensor-token-b"}) {
    Hold(4, Head("PUT", "/in", token, kThousand));
  }
  ASSERT_TRUE(WaitUntil([&] { return seen_.body_bytes == 8; }, 3000));
  Hold(4, Head("PUT", "/in", "sensor-token-d", kThousand));
  std::this_thread::sleep_for(milliseconds(100));
  const auto start = steady_clock::now();
  server_->Stop();
  EXPECT_LT(steady_clock::now() - start, milliseconds(3000));
}

TEST_F(Overload, HP04_SmallBodiesHoldNoHandlerWhileTheyCome) {
  Start();
  for (const char* token : {"sensor-token-a", "sensor-token-b", "sensor-token-c"}) {
    Hold(30, Head("PUT", "/in", token, kThousand));
  }
  std::this_thread::sleep_for(milliseconds(200));
  ExpectServed();
  EXPECT_EQ(seen_.handler_calls, 1);  // ExpectServed's own
  held_[0]->Send(std::string(999, 'x'));
  EXPECT_THAT(held_[0]->ReadAnswer(), StartsWith("HTTP/1.1 201"));
  EXPECT_EQ(seen_.body_bytes, 1002U);
}

// Whoever asks for more than the catalog can do at once waits, and nobody else.
TEST_F(Overload, HP04_ReadersLeaveHandlersToSenders) {
  Start();  // 16 threads: 2 for reading, 8 of one caller at a time
  for (int i = 0; i < 20; ++i) {
    held_.push_back(std::make_unique<RawClient>(plain_port(), false));
    held_.back()->Send(Head("GET", "/held", "viewer-token"));
  }
  ASSERT_TRUE(WaitUntil([&] { return seen_.holding == 2 && Refused("/held") == 12; }, 10'000));
  EXPECT_THAT(Ask(Head("PUT", "/in", "sensor-token-z", "Content-Length: 2\r\n") + "ab"),
              StartsWith("HTTP/1.1 201"));
  EXPECT_EQ(seen_.holding, 2);
  seen_.held = false;
  int served = 0;
  int refused = 0;
  for (const auto& client : held_) {
    const std::string answer = client->ReadAnswer();
    served += answer.starts_with("HTTP/1.1 200") ? 1 : 0;
    refused += answer.starts_with("HTTP/1.1 429") ? 1 : 0;
  }
  EXPECT_EQ(served, 8);
  EXPECT_EQ(refused, 12);
}

TEST_F(Overload, HP04_DownloadsLeaveHandlersToSenders) {
  options_.body_wait_ns = 1'000'000;  // is not for them: what has begun goes on
  Start();
  for (int i = 0; i < 20; ++i) {
    held_.push_back(std::make_unique<RawClient>(plain_port(), false));
    held_.back()->Send(Head("GET", "/held-stream", "viewer-token"));
    EXPECT_THAT(held_.back()->ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 200"));
  }
  ASSERT_TRUE(WaitUntil([&] { return seen_.holding == 4; }, 3000));
  EXPECT_THAT(Ask(Head("PUT", "/in", "sensor-token-z", "Content-Length: 2\r\n") + "ab"),
              StartsWith("HTTP/1.1 201"));
  EXPECT_EQ(seen_.holding, 4);
  seen_.held = false;
  for (const auto& client : held_) EXPECT_THAT(client->ReadUntil("0\r\n\r\n"), HasSubstr("xxx"));
}

TEST_F(Overload, SmallBodiesThatAreManyAreStreamed) {
  options_.small_body_bytes = 80 << 20;  // more than the memory for all
  Start();
  const std::string head =
      Head("PUT", "/ignores", "sensor-token-a", "Content-Length: 70000000\r\n");
  EXPECT_THAT(Ask(head), StartsWith("HTTP/1.1 409"));  // the handler did not wait for it
}

}  // namespace
}  // namespace tapiary::server
