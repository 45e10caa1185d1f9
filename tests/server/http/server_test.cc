// The real server over real sockets: order of checks, limits, time limits, streaming, stopping.
#include "server/http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <chrono>
#include <filesystem>
#include <memory>

#include "server/http/certificate.h"
#include "tests/server/http/server_fixture.h"
#include "tests/support/timing.h"

namespace tapiary::server {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr std::int64_t kHalfSecond = 500'000'000;
constexpr const char* kExpect = "Expect: 100-continue\r\n";

HttpServerOptions ListenOn(ListenAddress address) {
  HttpServerOptions options;
  options.listen.push_back(std::move(address));
  return options;
}

class Server : public ServerFixture {};

TEST_F(Server, AnswersOverTlsWithSecurityHeaders) {
  Start();
  const std::string answer = Ask(Head("GET", "/hello?name=%77orld"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(answer, EndsWith("\r\n\r\nhello world"));
  for (const char* text :
       {"\r\nContent-Security-Policy: default-src 'self'", "\r\nX-Content-Type-Options: nosniff",
        "\r\nStrict-Transport-Security: ", "\r\nCache-Control: no-store", "\r\nDate: "}) {
    EXPECT_THAT(answer, HasSubstr(text));
  }
}

TEST_F(Server, PlainIsWithoutStrictTransportSecurity) {
  Start();
  RawClient client(plain_port(), false);
  client.Send(Head("GET", "/hello?a=b"));
  const std::string answer = client.ReadAnswer();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, Not(HasSubstr("Strict-Transport-Security")));
}

TEST_F(Server, ANewCertificateIsTakenWithoutAStop) {
  Start();
  const RawClient before(tls_port());
  EXPECT_EQ(before.Fingerprint(), *CertificateFingerprint(options_.certificate_file));
  std::filesystem::remove(options_.certificate_file);
  ASSERT_FALSE(server_->ReloadCertificate());
  EXPECT_EQ(RawClient(tls_port()).Fingerprint(), before.Fingerprint());  // it still serves
  std::filesystem::remove(options_.key_file);
  ASSERT_TRUE(EnsureCertificate(options_.certificate_file, options_.key_file, {"test"}));
  ASSERT_TRUE(server_->ReloadCertificate());
  const RawClient after(tls_port());
  EXPECT_NE(after.Fingerprint(), before.Fingerprint());
  EXPECT_EQ(after.Fingerprint(), *CertificateFingerprint(options_.certificate_file));
}

TEST_F(Server, ACertificateOfAnotherKeyIsNotTaken) {
  Start();
  const RawClient before(tls_port());
  const std::string other = folder_ / "other";
  ASSERT_TRUE(EnsureCertificate(other + ".crt", other + ".key", {"test"}));
  std::filesystem::rename(other + ".crt", options_.certificate_file);
  EXPECT_FALSE(server_->ReloadCertificate());
  EXPECT_EQ(RawClient(tls_port()).Fingerprint(), before.Fingerprint());
}

TEST_F(Server, RefusesOldTls) {
  Start();
  EXPECT_FALSE(RawClient(tls_port(), true, TLS1_1_VERSION).connected());
  EXPECT_TRUE(RawClient(tls_port(), true, TLS1_2_VERSION).connected());
}

TEST_F(Server, CO05_AuthenticatesBeforeTheBody) {
  Start();
  for (const char* token : {"", "wrong", "viewer-token"}) {
    const int status = std::string(token) == "viewer-token" ? 403 : 401;
    RawClient client(tls_port());
    // No body is sent: an answer can only come from the header alone.
    client.Send(Head("PUT", "/in", token, std::string(kExpect) + "Content-Length: 50000\r\n"));
    EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 " + std::to_string(status)));
  }
  EXPECT_EQ(seen_.handler_calls, 0);
  EXPECT_EQ(seen_.body_bytes, 0U);
}

TEST_F(Server, ARefusedSenderStillGetsItsAnswer) {
  Start();
  RawClient client(tls_port());
  client.Send(Head("PUT", "/in", "wrong", "Content-Length: 90000\r\n") + std::string(90'000, 'b'));
  const std::string answer = client.ReadAnswer();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 401"));
  EXPECT_THAT(answer, HasSubstr("WWW-Authenticate: Bearer"));
  EXPECT_THAT(answer, HasSubstr("application/problem+json"));
  EXPECT_TRUE(client.WaitForClose(4000));
  EXPECT_EQ(seen_.body_bytes, 0U);
}

TEST_F(Server, UP02_Answers100ContinueWithoutDelay) {
  Start();
  std::unique_ptr<RawClient> client;
  const auto wait = [&] {
    client = std::make_unique<RawClient>(tls_port());
    return timing::Measure([&] {
      client->Send(
          Head("PUT", "/in", "sensor-token", std::string(kExpect) + "Content-Length: 5\r\n"));
      EXPECT_THAT(client->ReadUntil("\r\n\r\n"), StartsWith("HTTP/1.1 100"));
    });
  };
  EXPECT_LT(timing::Shortest(kHalfSecond, wait), kHalfSecond);
  client->Send("12345");
  EXPECT_THAT(client->ReadAnswer(), StartsWith("HTTP/1.1 201"));
  EXPECT_EQ(seen_.body_bytes, 5U);
}

TEST_F(Server, TooLongAnnouncedIs413BeforeTheBody) {
  Start();
  RawClient client(tls_port());
  client.Send(
      Head("PUT", "/in", "sensor-token", std::string(kExpect) + "Content-Length: 100001\r\n"));
  EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 413"));
  EXPECT_EQ(seen_.handler_calls, 0);
}

TEST_F(Server, TooLongInChunksIs413) {
  Start();
  RawClient client(tls_port());
  client.Send(Head("PUT", "/in", "sensor-token", "Transfer-Encoding: chunked\r\n"));
  const std::string chunk = "2710\r\n" + std::string(10'000, 'c') + "\r\n";
  for (int i = 0; i < 11; ++i) client.Send(chunk);
  EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 413"));
  EXPECT_LE(seen_.body_bytes, 100'000U);
  EXPECT_TRUE(client.WaitForClose(4000));
}

TEST_F(Server, TakesChunksUpToTheLimit) {
  Start();
  RawClient client(tls_port());
  std::string body;
  for (int i = 0; i < 10; ++i) body += "2710\r\n" + std::string(10'000, 'c') + "\r\n";
  client.Send(Head("PUT", "/in", "sensor-token", "Transfer-Encoding: chunked\r\n") + body +
              "0\r\n\r\n");
  EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 201"));
  EXPECT_EQ(seen_.body_bytes, 100'000U);
}

TEST_F(Server, UnknownPathAndMethod) {
  Start();
  EXPECT_THAT(Ask(Head("GET", "/nothing")), StartsWith("HTTP/1.1 404"));
  const std::string answer = Ask(Head("DELETE", "/view"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 405"));
  EXPECT_THAT(answer, HasSubstr("\r\nAllow: GET, HEAD\r\n"));
}

TEST_F(Server, CO06_BadAddressesAre400) {
  Start();
  for (const char* path : {"/path/%00", "/path/%zz", "/hello?x=%0", "/path/a%0d%0ab"}) {
    EXPECT_THAT(Ask(Head("GET", path)), StartsWith("HTTP/1.1 400")) << path;
  }
  EXPECT_THAT(Ask(Head("GET", "/path/%252e%252e")), EndsWith("<%2e%2e>"));
}

TEST_F(Server, BadHttpIs400) {
  Start();
  EXPECT_THAT(Ask("NONSENSE\r\n\r\n"), StartsWith("HTTP/1.1 400"));
  const std::string both = "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n";
  EXPECT_THAT(Ask(Head("PUT", "/in", "sensor-token", both)), StartsWith("HTTP/1.1 400"));
  EXPECT_EQ(seen_.handler_calls, 0);
}

TEST_F(Server, AHugeHeaderIs431) {
  Start();
  const std::string line = "X-Long: " + std::string(20'000, 'h') + "\r\n";
  EXPECT_THAT(Ask(Head("GET", "/hello?a=b", "", line)), StartsWith("HTTP/1.1 431"));
}

TEST_F(Server, AThrowingLibraryIs500) {
  Start();
  const std::string answer = Ask(Head("GET", "/throws"));
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 500"));
  EXPECT_THAT(answer, Not(HasSubstr("a library's")));
}

TEST_F(Server, ASlowHeaderIsCut) {
  options_.header_timeout_ns = 300'000'000;
  Start();
  RawClient client(tls_port());
  const auto start = steady_clock::now();
  client.Send("GET /hello?a=b HTTP/1.1\r\nHost: te");
  bool sent = true;
  for (int i = 0; i < 10 && sent; ++i) {  // a byte now and then must not help
    sent = !client.WaitForClose(100) && client.Send("x");
  }
  EXPECT_TRUE(client.WaitForClose(1500));
  EXPECT_LT(steady_clock::now() - start, milliseconds(5000));  // the default is 10 s
}

TEST_F(Server, ASilentConnectionIsCut) {
  options_.header_timeout_ns = 300'000'000;
  Start();
  RawClient tls(tls_port());
  RawClient plain(plain_port(), false);  // TLS hand-shake never begun is the same to the other port
  EXPECT_TRUE(tls.WaitForClose(5000));   // the default is 10 s
  EXPECT_TRUE(plain.WaitForClose(5000));
}

TEST_F(Server, AStalledBodyIsCutAndTheHandlerFreed) {
  options_.small_body_bytes = 0;  // the handler has the body while it comes
  options_.idle_timeout_ns = 300'000'000;
  Start();
  RawClient client(tls_port());
  client.Send(Head("PUT", "/in", "sensor-token", "Content-Length: 1000\r\n") + "some");
  EXPECT_TRUE(WaitUntil([&] { return seen_.body_errors == 1; }, 3000));
  EXPECT_EQ(seen_.body_bytes, 4U);
  EXPECT_TRUE(client.WaitForClose(4000));
}

TEST_F(Server, ACutBodyIsAnErrorForTheHandler) {
  options_.small_body_bytes = 0;  // the handler has the body while it comes
  Start();
  {
    RawClient client(tls_port());
    client.Send(Head("PUT", "/in", "sensor-token", "Content-Length: 1000\r\n") + "some");
    ASSERT_TRUE(WaitUntil([&] { return seen_.body_bytes == 4; }, 3000));
  }
  EXPECT_TRUE(WaitUntil([&] { return seen_.body_errors == 1; }, 3000));
}

TEST_F(Server, KeepsAliveAlsoWhenPipelined) {
  Start();
  RawClient client(tls_port());
  for (int i = 0; i < 3; ++i) {
    client.Send(Head("GET", "/hello?a=" + std::to_string(i)));
    EXPECT_THAT(client.ReadAnswer(), EndsWith("hello " + std::to_string(i)));
  }
  client.Send(Head("GET", "/hello?a=first") + Head("GET", "/hello?a=second"));
  EXPECT_THAT(client.ReadAnswer(), EndsWith("hello first"));
  EXPECT_THAT(client.ReadAnswer(), EndsWith("hello second"));
  client.Send(Head("GET", "/hello?a=b", "", "Connection: close\r\n"));
  EXPECT_THAT(client.ReadAnswer(), EndsWith("hello b"));
  EXPECT_TRUE(client.WaitForClose(2000));
}

// A body goes past the parser, and must not take with it what is behind it.
TEST_F(Server, WhatIsBehindABodyIsTheNextRequest) {
  for (const std::uint64_t small_body_bytes : {std::uint64_t{0}, options_.small_body_bytes}) {
    options_.small_body_bytes = small_body_bytes;
    seen_.body_bytes = 0;
    Start();
    for (const std::uint16_t port : {tls_port(), plain_port()}) {
      RawClient client(port, port == tls_port());
      const std::string put = Head("PUT", "/in", "sensor-token", "Content-Length: 70000\r\n") +
                              std::string(70'000, 'b');
      client.Send(put + put + Head("GET", "/hello?a=behind"));
      EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 201"));
      EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 201"));
      EXPECT_THAT(client.ReadAnswer(), EndsWith("hello behind"));
    }
    EXPECT_EQ(seen_.body_bytes, 280'000u);
    server_.reset();
  }
}

TEST_F(Server, AnUnreadBodyIsNeverTakenForTheNextRequest) {
  options_.small_body_bytes = 0;  // the handler has the body while it comes
  Start();
  RawClient client(tls_port());
  const std::string smuggled = Head("GET", "/hello?a=smuggled");
  client.Send(Head("PUT", "/ignores", "sensor-token",
                   "Content-Length: " + std::to_string(smuggled.size()) + "\r\n"));
  EXPECT_THAT(client.ReadAnswer(), StartsWith("HTTP/1.1 409"));
  client.Send(smuggled);
  EXPECT_THAT(client.ReadUntil("smuggled", 3000), Not(HasSubstr("smuggled")));
}

TEST_F(Server, HeadIsGetWithoutTheBody) {
  Start();
  RawClient client(tls_port());
  client.Send(Head("HEAD", "/hello?a=world"));
  const std::string answer = client.ReadAnswer(true);
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 200"));
  EXPECT_THAT(answer, HasSubstr("Content-Length: 11\r\n"));
  client.Send(Head("HEAD", "/endless", "viewer-token"));
  EXPECT_THAT(client.ReadAnswer(true), StartsWith("HTTP/1.1 200"));
  EXPECT_TRUE(WaitUntil([&] { return seen_.streams_alive == 0; }, 2000));
  client.Send(Head("GET", "/hello?a=next"));  // nothing of a body lay between
  EXPECT_THAT(client.ReadAnswer(), EndsWith("\r\n\r\nhello next"));
}

TEST_F(Server, StreamsInChunks) {
  Start();
  RawClient client(tls_port());
  client.Send(Head("GET", "/stream", "viewer-token"));
  const std::string answer = client.ReadAnswer();
  EXPECT_THAT(answer, HasSubstr("Transfer-Encoding: chunked"));
  EXPECT_EQ(std::count(answer.begin() + static_cast<std::ptrdiff_t>(answer.find("\r\n\r\n")),
                       answer.end(), 'x'),
            300'000);
  client.Send(Head("GET", "/hello?a=after"));
  EXPECT_THAT(client.ReadAnswer(), EndsWith("hello after"));
}

TEST_F(Server, ABrokenStreamHasNoLastChunk) {
  Start();
  RawClient client(tls_port());
  client.Send(Head("GET", "/breaks", "viewer-token"));
  const std::string answer = client.ReadUntil("\r\n0\r\n\r\n", 3000);
  EXPECT_THAT(answer, Not(EndsWith("\r\n0\r\n\r\n")));
  EXPECT_TRUE(client.WaitForClose(2000));
}

TEST_F(Server, CO12_ASlowReaderHoldsBackTheSource) {
  options_.idle_timeout_ns = 700'000'000;
  Start();
  RawClient client(tls_port());
  client.Send(Head("GET", "/endless", "viewer-token"));
  EXPECT_EQ(client.Swallow(100'000), 100'000U);
  // Kernel buffers are a few MiB at most; then nothing more is pulled, and the reader's time ends.
  EXPECT_TRUE(WaitUntil([&] { return seen_.streams_alive == 0; }, 4000));
  EXPECT_LT(seen_.streamed_bytes, 16U << 20);
}

TEST_F(Server, CO12_ADisconnectStopsTheSource) {
  Start();
  {
    RawClient client(tls_port());
    client.Send(Head("GET", "/endless", "viewer-token"));
    EXPECT_EQ(client.Swallow(100'000), 100'000U);
  }
  EXPECT_TRUE(WaitUntil([&] { return seen_.streams_alive == 0; }, 2000));
}

TEST_F(Server, TooManyConnectionsAreClosedAndCounted) {
  options_.max_connections = 2;
  Start();
  RawClient first(plain_port(), false);
  RawClient second(plain_port(), false);
  for (RawClient* client : {&first, &second}) {
    client->Send(Head("GET", "/hello?a=b"));
    EXPECT_THAT(client->ReadAnswer(), StartsWith("HTTP/1.1 200"));
  }
  RawClient third(plain_port(), false);
  EXPECT_TRUE(third.WaitForClose(2000));
  EXPECT_EQ(server_->metrics().connections_open, 2U);
  EXPECT_EQ(server_->metrics().connections_refused, 1U);
}

TEST_F(Server, CountsByRouteMethodAndStatus) {
  Start();
  Ask(Head("GET", "/path/one"));
  Ask(Head("GET", "/path/two"));
  Ask(Head("GET", "/nothing"));
  std::uint64_t good = 0;
  std::uint64_t none = 0;
  for (const HttpMetrics::Row& row : server_->metrics().rows) {
    if (row.route == "/path/{name}" && row.method == "GET" && row.status == 200) {
      good = row.requests;
    }
    if (row.route == "none" && row.status == 404) none = row.requests;
  }
  EXPECT_EQ(good, 2U);
  EXPECT_EQ(none, 1U);
}

TEST_F(Server, StopsWithinTwoSecondsWhateverGoesOn) {
  options_.small_body_bytes = 0;  // the handler has the body while it comes
  const auto stop = [this] {
    seen_.body_bytes = 0;
    seen_.body_errors = 0;
    Start();
    RawClient silent(tls_port());
    RawClient idle(tls_port());
    idle.Send(Head("GET", "/hello?a=b"));
    idle.ReadAnswer();
    RawClient stalled(tls_port());
    stalled.Send(Head("PUT", "/in", "sensor-token", "Content-Length: 1000\r\n") + "some");
    RawClient reader(tls_port());
    reader.Send(Head("GET", "/endless", "viewer-token"));
    reader.Swallow(1000);
    EXPECT_TRUE(WaitUntil([&] { return seen_.body_bytes == 4; }, 3000));
    const std::int64_t took = timing::Measure([this] { server_->Stop(); });
    EXPECT_EQ(seen_.body_errors, 1);
    EXPECT_TRUE(idle.WaitForClose(5000));
    return took;
  };
  EXPECT_LT(timing::Shortest(4 * kHalfSecond, stop), 4 * kHalfSecond);
}

TEST_F(Server, StopsAtOnceWhenIdle) {
  const auto stop = [this] {
    Start();
    RawClient idle(tls_port());
    idle.Send(Head("GET", "/hello?a=b"));
    idle.ReadAnswer();
    return timing::Measure([this] { server_->Stop(); });
  };
  EXPECT_LT(timing::Shortest(kHalfSecond, stop), kHalfSecond);
}

TEST(ServerStart, SaysWhatIsWrong) {
  HttpServer plain(ListenOn({.address = "0.0.0.0", .port = 0, .tls = false}), {}, {});
  const auto refused = plain.Start();
  ASSERT_FALSE(refused);
  EXPECT_THAT(refused.error().message, HasSubstr("loopback"));

  HttpServer named(ListenOn({.address = "nowhere", .port = 1, .tls = false}), {}, {});
  const auto bad = named.Start();
  ASSERT_FALSE(bad);
  EXPECT_THAT(bad.error().message, HasSubstr("nowhere"));

  HttpServer tls({.listen = {{.address = "127.0.0.1", .port = 0, .tls = true}},
                  .certificate_file = "/nowhere/x.crt",
                  .key_file = "/nowhere/x.key"},
                 {}, {});
  const auto missing = tls.Start();
  ASSERT_FALSE(missing);
  EXPECT_THAT(missing.error().message, HasSubstr("/nowhere/x.crt"));
}

TEST_F(Server, ATakenPortIsNamed) {
  Start();
  const std::uint16_t port = plain_port();
  HttpServer second(ListenOn({.address = "127.0.0.1", .port = port, .tls = false}), {}, {});
  const auto result = second.Start();
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, HasSubstr(std::to_string(port)));
}

}  // namespace
}  // namespace tapiary::server
