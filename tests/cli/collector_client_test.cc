// The client of the read API against the real HTTP server.
#include "cli/collector_client.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file.h"
#include "tests/cli/collector_fixture.h"

namespace tapiary::cli {
namespace {

using base::ErrorCode;
using server::BodySource;
using server::Request;
using server::Response;
using testing::HasSubstr;
using testing::Not;

Response Text(std::string text) {
  Response response;
  response.content_type = "text/plain";
  response.body = std::move(text);
  return response;
}

// `size` bytes, and then the end or an error.
class Letters : public BodySource {
 public:
  Letters(std::size_t size, bool breaks) : left_(size), breaks_(breaks) {}
  base::Result<std::size_t> Read(std::span<char> buffer) override {
    if (left_ == 0 && breaks_) return base::MakeError(ErrorCode::kIo, "rotten");
    const std::size_t part = std::min(buffer.size(), left_);
    std::fill_n(buffer.data(), part, 'x');
    left_ -= part;
    return part;
  }

 private:
  std::size_t left_;
  bool breaks_;
};

Response Stream(std::size_t size, bool breaks) {
  Response response;
  response.content_type = "application/octet-stream";
  response.stream = std::make_unique<Letters>(size, breaks);
  return response;
}

class CollectorClientTest : public CollectorFixture {
 protected:
  base::Result<CollectorAnswer> Get(const std::string& path, const Parameters& parameters = {}) {
    auto client = CollectorClient::Open(Options());
    if (!client) return client.error();
    return (*client)->Get(path, parameters);
  }
};

TEST_F(CollectorClientTest, SendsParametersAsTheyAre) {
  Serve([](const Request& request, BodySource&) {
    std::string all;
    for (const auto& [name, value] : request.query) all += name + "=" + value + ";";
    return Text(all);
  });
  const auto answer = Get(
      "/api/v1/x", {{"filter", "a == \"\xc3\xa4&b=1+2 %41#\"\n"}, {"last", ""}, {"limit", "5"}});
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, "filter=a == \"\xc3\xa4&b=1+2 %41#\"\n;limit=5;");
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->content_type, "text/plain");
  EXPECT_EQ(answer->bytes, answer->body.size());
}

TEST_F(CollectorClientTest, NamesTheNextPageAndAPartialOne) {
  Serve([](const Request& request, BodySource&) {
    Response response = Text("x");
    const std::string link =
        request.query.contains("evil") ? "<https://evil/x>" : "</api/v1/x?a=1>";
    response.headers = {{"Link", link + "; rel=\"next\""}, {"Tapiary-Partial", "time-limit"}};
    return response;
  });
  const auto answer = Get("/api/v1/x");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->next, "/api/v1/x?a=1");
  EXPECT_TRUE(answer->partial);
  EXPECT_EQ(Get("/api/v1/x", {{"evil", "1"}})->next, "");
}

TEST_F(CollectorClientTest, FilterErrorsHaveACaret) {
  Serve([](const Request&, BodySource&) {
    Response response = server::Problem(400, "Filter not understood", "x");
    response.body =
        R"({"title":"Filter not understood","detail":"at 8: unknown field","position":8,"length":6})";
    return response;
  });
  const auto answer = Get("/api/v1/x", {{"filter", "(tcp) && ip.adr == \"\x1b[31m\""}});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kInvalid);
  EXPECT_THAT(answer.error().message, HasSubstr("Filter not understood: at 8: unknown field\n"
                                                "  (tcp) && ip.adr == \"\\x1b[31m\"\n"
                                                "          ^~~~~~"));
}

TEST_F(CollectorClientTest, ErrorsTellWhatToDo) {
  Serve([](const Request& request, BodySource&) {
    return server::Problem(std::stoi(request.query.at("status")), "Title", "detail \x1b]0;x\x07");
  });
  const std::pair<int, ErrorCode> cases[] = {
      {400, ErrorCode::kInvalid},    {403, ErrorCode::kPermission},  {404, ErrorCode::kNotFound},
      {409, ErrorCode::kConflict},   {429, ErrorCode::kUnavailable}, {500, ErrorCode::kInternal},
      {503, ErrorCode::kUnavailable}};
  for (const auto& [status, code] : cases) {
    const auto answer = Get("/api/v1/x", {{"status", std::to_string(status)}});
    ASSERT_FALSE(answer) << status;
    EXPECT_EQ(answer.error().code, code) << status;
    EXPECT_THAT(answer.error().message, HasSubstr("Title: detail \\x1b]0;x\\x07")) << status;
  }
}

TEST_F(CollectorClientTest, CO08_ARedirectIsNotFollowed) {
  Serve([](const Request&, BodySource&) {
    Response response = Text("");
    response.status = 302;
    response.headers = {{"Location", "https://127.0.0.1:1/"}};
    return response;
  });
  const auto answer = Get("/api/v1/x");
  ASSERT_FALSE(answer);
  EXPECT_THAT(answer.error().message, HasSubstr("302"));
}

TEST_F(CollectorClientTest, StreamsToADescriptor) {
  constexpr std::size_t kSize = 90u << 20;  // more than Get takes
  Serve([](const Request&, BodySource&) { return Stream(kSize, false); });
  auto client = CollectorClient::Open(Options());
  ASSERT_TRUE(client);
  const base::UniqueFd fd(open(Path("out").c_str(), O_CREAT | O_WRONLY | O_TRUNC, 0600));
  const auto answer = (*client)->Download("/api/v1/pcap", {}, fd.get());
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->bytes, kSize);
  EXPECT_EQ(std::filesystem::file_size(Path("out")), kSize);
  EXPECT_TRUE(answer->body.empty());
  const auto whole = (*client)->Get("/api/v1/pcap");
  ASSERT_FALSE(whole);
  EXPECT_EQ(whole.error().code, ErrorCode::kTooLarge);
}

TEST_F(CollectorClientTest, ABrokenBodyIsAnError) {
  Serve([](const Request&, BodySource&) { return Stream(500'000, true); });
  auto client = CollectorClient::Open(Options());
  ASSERT_TRUE(client);
  std::size_t bytes = 0;
  const auto answer = (*client)->Stream("/api/v1/pcap", {}, [&](std::string_view part) {
    bytes += part.size();
    return base::Result<>();
  });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
  EXPECT_THAT(answer.error().message, HasSubstr("broke off"));
  EXPECT_LE(bytes, 500'000U);
}

TEST_F(CollectorClientTest, ASinkThatFailsEndsIt) {
  Serve([](const Request&, BodySource&) { return Stream(50u << 20, false); });
  auto client = CollectorClient::Open(Options());
  ASSERT_TRUE(client);
  const auto answer = (*client)->Stream("/api/v1/pcap", {}, [](std::string_view) -> base::Result<> {
    return base::MakeError(ErrorCode::kIo, "disk full");
  });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "disk full");
}

TEST_F(CollectorClientTest, AProblemIsNotStreamed) {
  Serve([](const Request&, BodySource&) { return server::Problem(503, "Busy", "later"); });
  auto client = CollectorClient::Open(Options());
  ASSERT_TRUE(client);
  std::string out;
  const auto answer = (*client)->Stream("/api/v1/pcap", {}, [&](std::string_view part) {
    out += part;
    return base::Result<>();
  });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().message, "Busy: later");
  EXPECT_EQ(out, "");
}

TEST_F(CollectorClientTest, SendsABody) {
  Serve({Route("POST", [](const Request& request, BodySource& body) {
    const auto text = server::ReadBody(body, 1000);
    return Text(std::string(request.Header("content-type")) + " " + (text ? *text : ""));
  })});
  auto client = CollectorClient::Open(Options());
  ASSERT_TRUE(client);
  const auto answer = (*client)->Send("POST", "/api/v1/pins", R"({"a":1})");
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->body, R"(application/json {"a":1})");
}

TEST_F(CollectorClientTest, UP07_ACertificateOfSomebodyElseIsRefused) {
  Serve([](const Request&, BodySource&) { return Text("x"); });
  ASSERT_TRUE(server::EnsureCertificate(Path("other.crt"), Path("other.key"), {}));
  for (const std::string& ca : {Path("other.crt"), std::string()}) {
    CollectorOptions options = Options();
    options.ca_file = ca;
    auto client = CollectorClient::Open(options);
    ASSERT_TRUE(client);
    const auto answer = (*client)->Get("/api/v1/x");
    ASSERT_FALSE(answer) << ca;
    EXPECT_EQ(answer.error().code, ErrorCode::kPermission);
    EXPECT_THAT(answer.error().message, HasSubstr("certificate is refused"));
    EXPECT_THAT(answer.error().message, Not(HasSubstr("good")));
  }
}

TEST_F(CollectorClientTest, AWrongTokenIsNotAllowed) {
  Serve([](const Request&, BodySource&) { return Text("x"); });
  WriteFile("token", "secret-but-wrong\n");
  const auto answer = Get("/api/v1/x");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kPermission);
  EXPECT_THAT(answer.error().message, Not(HasSubstr("secret")));
}

TEST_F(CollectorClientTest, NobodyThereIsUnavailable) {
  Serve([](const Request&, BodySource&) { return Text("x"); });
  const CollectorOptions options = Options();
  server_->Stop();
  auto client = CollectorClient::Open(options);
  ASSERT_TRUE(client);
  const auto answer = (*client)->Get("/api/v1/x");
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kUnavailable);
}

TEST_F(CollectorClientTest, OnlyHttpsAndOnlyAHost) {
  for (const char* url : {"http://host:1", "host", "https://", "https://a/b", "https://u:p@h",
                          "https://a?b", "file:///etc/passwd"}) {
    const auto client = CollectorClient::Open({.url = url, .token_file = Path("token")});
    ASSERT_FALSE(client) << url;
    EXPECT_EQ(client.error().code, ErrorCode::kInvalid) << url;
  }
  const auto client =
      CollectorClient::Open({.url = "https://[::1]:8443/", .token_file = Path("token")});
  ASSERT_TRUE(client);
  EXPECT_EQ((*client)->url(), "https://[::1]:8443");
}

}  // namespace
}  // namespace tapiary::cli
