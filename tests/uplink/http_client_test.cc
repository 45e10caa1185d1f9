#include "uplink/http_client.h"

#include <gmock/gmock.h>

#include "tests/uplink/support/test_server.h"

namespace tapiary::uplink {
namespace {

using ::testing::HasSubstr;

HttpOptions OptionsFor(const std::string& url) {
  HttpOptions options;
  options.url = url;
  options.ca_file = Certs() + "/ca.pem";
  return options;
}

Answer Put(HttpClient& client, std::string body) {
  EXPECT_TRUE(client.Start(0, "/path", std::move(body), false));
  EXPECT_TRUE(client.Busy(0));
  for (int i = 0; i < 200; ++i) {
    const auto done = client.Poll(50 * base::kNanosPerMilli);
    if (!done.empty()) return done.front().answer;
  }
  ADD_FAILURE() << "no answer";
  return {};
}

TEST(HttpClient, AnswerCarriesStatusHeadersAndDetail) {
  const Server server({"--script", "503:Retry-After=7,ok"});
  auto client = HttpClient::Make(OptionsFor(server.url() + "/prefix/"));
  ASSERT_TRUE(client) << client.error().ToString();
  (*client)->set_token("test-token");
  Answer answer = Put(**client, std::string("a\0b", 3));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.retry_after, "7");
  EXPECT_THAT(answer.date, HasSubstr("GMT"));
  EXPECT_THAT(answer.detail, HasSubstr("title"));
  EXPECT_FALSE((*client)->Busy(0));
  answer = Put(**client, std::string("a\0b", 3));
  EXPECT_EQ(answer.status, 201);
  const auto requests = server.requests();
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[0].path, "/prefix/path");
  EXPECT_EQ(requests[0].size, 3u);
  EXPECT_EQ(requests[0].peer_port, requests[1].peer_port);
}

TEST(HttpClient, NoAnswerIsAnErrorInWords) {
  auto client = HttpClient::Make(OptionsFor("https://127.0.0.1:1"));
  ASSERT_TRUE(client);
  const Answer answer = Put(**client, "x");
  EXPECT_EQ(answer.status, 0);
  EXPECT_FALSE(answer.error.empty());
  EXPECT_FALSE(answer.certificate);
}

TEST(HttpClient, CancelledLaneIsFree) {
  const Server server({"--script", "stall"});
  auto client = HttpClient::Make(OptionsFor(server.url()));
  ASSERT_TRUE((*client)->Start(1, "/path", "x", false));
  (void)(*client)->Poll(50 * base::kNanosPerMilli);
  EXPECT_TRUE((*client)->Busy(1));
  (*client)->Cancel(1);
  EXPECT_FALSE((*client)->Busy(1));
  EXPECT_TRUE((*client)->Poll(50 * base::kNanosPerMilli).empty());
}

TEST(HttpClient, UplinkHostIsWhereTheConnectionGoes) {
  HttpOptions options;
  options.url = "https://collector.example/tapiary";
  EXPECT_EQ(UplinkHost(options)->host, "collector.example");
  EXPECT_EQ(UplinkHost(options)->port, 443);
  options.url = "https://[2001:db8::1]:8443";
  EXPECT_EQ(UplinkHost(options)->host, "2001:db8::1");
  EXPECT_EQ(UplinkHost(options)->port, 8443);
  options.proxy = "http://proxy.example:3128";
  EXPECT_EQ(UplinkHost(options)->host, "proxy.example");
  EXPECT_EQ(UplinkHost(options)->port, 3128);
}

TEST(HttpClient, OnlyHttpsIsTaken) {
  for (const char* url :
       {"http://collector:80", "ftp://collector", "collector:8443", "", "https://"}) {
    HttpOptions options;
    options.url = url;
    EXPECT_FALSE(HttpClient::Make(options)) << url;
  }
}

}  // namespace
}  // namespace tapiary::uplink
