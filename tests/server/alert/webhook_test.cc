#include "server/alert/webhook.h"

#include <gtest/gtest.h>

#include <mutex>
#include <thread>

#include "server/http/certificate.h"
#include "server/http/server.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server {
namespace {

// A receiver with TLS, whose name only the tests' own resolver knows.
class Webhook : public testing::Test {
 protected:
  void SetUp() override {
    const std::string certificate = folder_.path() + "/c.pem";
    const std::string key = folder_.path() + "/k.pem";
    ASSERT_TRUE(EnsureCertificate(certificate, key, {"hooks.test"}));
    HttpServerOptions options;
    options.listen = {{"127.0.0.1", 0, true}};
    options.certificate_file = certificate;
    options.key_file = key;
    server_ = std::make_unique<HttpServer>(
        options, Routes(), [](const Credential&, const std::string&) -> base::Result<Identity> {
          return base::MakeError(base::ErrorCode::kPermission, "nobody");
        });
    ASSERT_TRUE(server_->Start());
    target_.name = "soc";
    target_.host = "hooks.test";
    target_.port = server_->ports()[0];
    target_.ca_file = certificate;
    SetPath("/hook");
  }
  std::vector<Route> Routes() {
    const auto route = [this](const char* path, auto answer) {
      return Route{"POST", path, Scope::kPublic,
                   [this, answer](const Request& request, BodySource& body) {
                     const std::lock_guard lock(mutex_);
                     ++calls_;
                     request_ = request;
                     body_ = ReadBody(body, 1 << 20).value();
                     return answer();
                   },
                   1 << 20};
    };
    return {
        route("/hook", [] { return JsonResponse(200, "{}"); }),
        route("/busy",
              [] {
                Response response = Problem(503, "busy", "busy");
                response.headers.emplace_back("Retry-After", "120");
                return response;
              }),
        route("/moved",
              [this] {
                Response response;
                response.status = 307;
                response.headers.emplace_back("Location", Url("/hook"));
                return response;
              }),
        route("/long", [] { return JsonResponse(200, std::string(100'000, 'x')); }),
        route("/slow",
              [] {
                std::this_thread::sleep_for(std::chrono::milliseconds(1500));
                return JsonResponse(200, "{}");
              }),
    };
  }
  [[nodiscard]] std::string Url(const std::string& path) const {
    return "https://" + target_.host + ":" + std::to_string(target_.port) + path;
  }
  void SetPath(const std::string& path) { target_.url = Url(path); }

  std::optional<SendFailure> Post(const std::vector<std::string>& allow = {"127.0.0.1"}) {
    const auto guard = AddressGuard::Make(allow);
    return PostWebhook(
        target_, *guard,
        [this](const std::string& host) -> base::Result<std::vector<std::string>> {
          EXPECT_EQ(host, target_.host);
          ++lookups_;
          return answers_;
        },
        limits_, 77, R"({"a":1})", stop_);
  }
  std::string Reason(const std::vector<std::string>& allow = {"127.0.0.1"}) {
    const auto failure = Post(allow);
    return failure ? failure->reason : "none";
  }

  base::TempFolder folder_;
  AlertTarget target_;
  WebhookLimits limits_;
  std::atomic<bool> stop_{false};
  std::vector<std::string> answers_{"127.0.0.1"};
  std::atomic<int> lookups_{0};
  std::mutex mutex_;
  int calls_ = 0;
  Request request_;
  std::string body_;
  std::unique_ptr<HttpServer> server_;  // last: its handlers use all above
};

TEST_F(Webhook, PostsSignedJson) {
  target_.secret_file = folder_.File("secret", "key\n");
  std::filesystem::permissions(target_.secret_file, std::filesystem::perms::owner_read);
  EXPECT_EQ(Reason(), "none");
  EXPECT_EQ(calls_, 1);
  EXPECT_EQ(body_, R"({"a":1})");
  EXPECT_EQ(request_.Header("content-type"), "application/json");
  EXPECT_EQ(request_.Header("tapiary-delivery"), "77");
  const std::string signature(request_.Header("tapiary-signature"));
  ASSERT_TRUE(signature.starts_with("t="));
  const std::int64_t time = std::stoll(signature.substr(2));
  EXPECT_EQ(signature, WebhookSignature("key", body_, time * base::kNanosPerSecond));
}

// By `printf '1795000000.{}' | openssl dgst -sha256 -hmac key`.
TEST_F(Webhook, SignatureIsHmacSha256) {
  EXPECT_EQ(WebhookSignature("key", "{}", 1'795'000'000'999'999'999),
            "t=1795000000,v1=71f6cd81e7ac967a6bfd8d621347e9ee7792b1fde3a9a64c3161a631437c7fb6");
}

TEST_F(Webhook, TellsRefusalsAndWhenToComeAgain) {
  SetPath("/busy");
  const auto failure = Post();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->reason, "it answers 503");
  EXPECT_EQ(failure->retry_after_ns, 120 * base::kNanosPerSecond);
  SetPath("/nowhere");
  EXPECT_EQ(Reason(), "it answers 404");
}

TEST_F(Webhook, CO10_RedirectsAreNotFollowed) {
  SetPath("/moved");
  EXPECT_EQ(Reason(), "it answers 307: a redirect, which is not followed");
  EXPECT_EQ(calls_, 1);
}

TEST_F(Webhook, CO10_AddressesThatAreNotAllowedAreNotCalled) {
  EXPECT_NE(Reason({}).find("127.0.0.1 is refused (loopback)"), std::string::npos);
  // One of several is enough to refuse all.
  answers_ = {"127.0.0.1", "169.254.169.254"};
  EXPECT_NE(Reason().find("169.254.169.254 is refused"), std::string::npos);
  answers_ = {"::ffff:127.0.0.1"};
  EXPECT_NE(Reason().find("IPv4 address in IPv6 form"), std::string::npos);
  EXPECT_EQ(calls_, 0);
}

// The name is looked up once; the connection goes to the address that was checked, though the
// system's resolver knows no such name (it would fail) or gives another address by then.
TEST_F(Webhook, CO10_ANameServerThatChangesItsMindChangesNothing) {
  EXPECT_EQ(Reason(), "none");
  EXPECT_EQ(lookups_, 1);
  // "localhost" is 127.0.0.1 or ::1 for the system; what was checked is 127.0.0.2, where nobody is.
  target_.host = "localhost";
  SetPath("/hook");
  answers_ = {"127.0.0.2"};
  EXPECT_EQ(Reason({"127.0.0.2"}), "Couldn't connect to server");
  EXPECT_EQ(calls_, 1);
}

TEST_F(Webhook, CO10_AnAddressInTheUrlIsCheckedToo) {
  target_.host = "127.0.0.1";
  SetPath("/hook");
  EXPECT_NE(Reason({}).find("is refused"), std::string::npos);
  EXPECT_EQ(Reason(), "none");
  // Whatever the check was told, the socket does not go elsewhere.
  target_.host = "hooks.test";
  answers_ = {"127.0.0.2"};
  EXPECT_EQ(Reason({"127.0.0.0/8"}), "the connection would go to another address");
  EXPECT_EQ(calls_, 1);
}

TEST_F(Webhook, TheCertificateIsChecked) {
  target_.ca_file.clear();
  EXPECT_NE(Reason().find("certificate"), std::string::npos);
  target_.ca_file = folder_.path() + "/c.pem";
  target_.host = "other.test";
  SetPath("/hook");
  EXPECT_NE(Reason(), "none");
  EXPECT_EQ(calls_, 0);
}

TEST_F(Webhook, AnswersAndTimeAreLimited) {
  SetPath("/long");
  EXPECT_EQ(Reason(), "the answer is too long");
  SetPath("/slow");
  limits_.total_ns = 500 * base::kNanosPerMilli;
  const std::int64_t start = base::SteadyNow();
  EXPECT_NE(Reason(), "none");
  EXPECT_LT(base::SteadyNow() - start, 1400 * base::kNanosPerMilli);
}

TEST_F(Webhook, AStopEndsIt) {
  SetPath("/slow");
  std::thread stopper([this] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    stop_ = true;
  });
  const std::int64_t start = base::SteadyNow();
  EXPECT_NE(Reason(), "none");
  EXPECT_LT(base::SteadyNow() - start, 1400 * base::kNanosPerMilli);
  stopper.join();
}

TEST_F(Webhook, ASlowNameServerIsNotWaitedFor) {
  limits_.resolve_ns = 50 * base::kNanosPerMilli;
  const auto guard = AddressGuard::Make({});
  const auto failure = PostWebhook(
      target_, *guard,
      [](const std::string&) -> base::Result<std::vector<std::string>> {
        std::this_thread::sleep_for(std::chrono::milliseconds(400));
        return std::vector<std::string>{};
      },
      limits_, 1, "{}", stop_);
  ASSERT_TRUE(failure);
  EXPECT_NE(failure->reason.find("no answer in time"), std::string::npos);
  std::this_thread::sleep_for(std::chrono::milliseconds(500));  // the look-up ends
}

TEST_F(Webhook, ASecretThatIsGoneSendsNothing) {
  target_.secret_file = folder_.path() + "/gone";
  EXPECT_NE(Reason(), "none");
  EXPECT_EQ(calls_, 0);
}

}  // namespace
}  // namespace tapiary::server
