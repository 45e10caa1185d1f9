// The alerts' API called without HTTP. For the tests of its routes.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "server/alert/alert_routes.h"
#include "server/http/router.h"
#include "tests/server/alert/fixture.h"

namespace tapiary::server::test {

class TextBody : public BodySource {
 public:
  explicit TextBody(std::string text) : text_(std::move(text)) {}
  base::Result<std::size_t> Read(std::span<char> into) override {
    const std::size_t size = text_.copy(into.data(), into.size(), at_);
    at_ += size;
    return size;
  }

 private:
  std::string text_;
  std::size_t at_ = 0;
};

class AlertApi : public AlertFixture {
 protected:
  static AlertSender NoSender(const AlertTarget&) {
    return [](const std::vector<Delivery>&, const std::atomic<bool>&) { return std::nullopt; };
  }
  void SetUp() override {
    AlertFixture::SetUp();
    AlertTarget target;
    target.name = "soc";
    target.url = "https://hooks.example/secret";
    target.host = "hooks.example";
    router_ = std::make_unique<Router>(AlertRoutes({*catalog_, {target}, NoSender, stopping_}));
  }
  Response Call(const std::string& method, const std::string& path, const std::string& body = "",
                std::map<std::string, std::string> query = {}) {
    const auto match = router_->Find(method, "/api/v1/alerts" + path);
    if (match.route == nullptr) return Problem(404, "none", "no route");
    last_scope_ = match.route->scope;
    Request request;
    request.method = method;
    request.query = std::move(query);
    request.path_params = match.params;
    request.identity.user_id = 1;
    request.identity.user_name = "ann";
    TextBody source(body);
    return match.route->handler(request, source);
  }
  nlohmann::json Json(const Response& response, int status = 200) {
    EXPECT_EQ(response.status, status) << response.body;
    return nlohmann::json::parse(response.body, nullptr, false);
  }
  void Raise(int count) {
    for (int i = 0; i < count; ++i) {
      Facts({Command(next_flow_++)});
      Judge(base::WallNow());
    }
  }
  std::atomic<bool> stopping_{false};
  std::unique_ptr<Router> router_;
  Scope last_scope_ = Scope::kPublic;
  std::uint64_t next_flow_ = 1;
};

inline constexpr const char* kRule =
    R"({"name":"a","severity":"high","filter":"command","cooldown":"0s"})";

inline std::string ReadSome(BodySource& stream) {
  std::vector<char> buffer(100'000);
  const auto got = stream.Read(buffer);
  EXPECT_TRUE(got);
  return {buffer.data(), got ? *got : 0};
}

}  // namespace tapiary::server::test
