#include "server/api/pins.h"

#include "tests/server/api/fixture.h"

namespace tapiary::server::test {
namespace {

class PinsApi : public ApiFixture {
 protected:
  class Text : public BodySource {
   public:
    explicit Text(std::string text) : text_(std::move(text)) {}
    base::Result<std::size_t> Read(std::span<char> buffer) override {
      const std::size_t size = std::min(buffer.size(), text_.size() - at_);
      std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(at_), size, buffer.begin());
      at_ += size;
      return size;
    }

   private:
    std::string text_;
    std::size_t at_ = 0;
  };
  Response Call(const std::string& method, const std::string& path, const std::string& body = {}) {
    const Router::Match match = router_->Find(method, path);
    if (match.route == nullptr) return Problem(404, "Not found", "no route");
    Request request;
    request.method = method;
    request.path = path;
    request.path_params = match.params;
    request.identity.user_name = "ann";
    Text source(body);
    return match.route->handler(request, source);
  }
};

TEST_F(PinsApi, PinsAFlowByItsIdAndAWindow) {
  StoreModbus(1);
  Execute("UPDATE flows SET epoch = ?, number = ?",
          {std::int64_t{0x1a21be0606f}, std::int64_t{18}});
  const std::string id = Json("/api/v1/flows")["items"][0]["id"];
  EXPECT_EQ(id, "plant-a.1a21be0606f.12");
  const Response made = Call("POST", "/api/v1/pins", R"({"flow":")" + id + R"(","note":"c<1>"})");
  ASSERT_EQ(made.status, 201) << made.body;
  const auto pin = nlohmann::json::parse(made.body);
  EXPECT_EQ(pin["flow"], id);
  EXPECT_EQ(pin["actor"], "ann");
  EXPECT_EQ(pin["note"], "c<1>");
  const Response window =
      Call("POST", "/api/v1/pins",
           R"({"sensor":"plant-a","from":"2026-01-01T00:00:00Z","to":"2026-01-02","note":"n"})");
  ASSERT_EQ(window.status, 201) << window.body;
  const auto all = Json("/api/v1/pins");
  ASSERT_EQ(all["items"].size(), 2u);
  EXPECT_EQ(all["items"][0]["from"], "2026-01-01T00:00:00.000000000Z");
  EXPECT_TRUE(all["items"][0]["flow"].is_null());
  EXPECT_EQ(all["items"][1], pin);
  const auto page = Json("/api/v1/pins", {{"limit", "1"}});
  EXPECT_EQ(Json("/api/v1/pins", {{"after", page["next"]}})["items"].size(), 1u);
  const std::string path = "/api/v1/pins/" + std::to_string(pin["id"].get<int>());
  EXPECT_EQ(Call("DELETE", path).status, 200);
  EXPECT_EQ(Call("DELETE", path).status, 404);
  EXPECT_EQ(Call("DELETE", "/api/v1/pins/x").status, 404);
}

TEST_F(PinsApi, WrongBodiesAreRefused) {
  SensorId("plant-a");
  for (const char* body :
       {"", "[]", "{", R"({"note":"n"})", R"({"flow":"plant-a.7","note":"n"})",
        R"({"flow":"plant-a.7.99999999999999999999","note":"n"})",
        R"({"flow":"plant-a.7.1","sensor":"plant-a","note":"n"})",
        R"({"flow":"plant-a.7.-1","note":"n"})", R"({"flow":7,"note":"n"})",
        R"({"sensor":"plant-a","from":"x","to":"2026-01-02","note":"n"})",
        R"({"sensor":"plant-a","from":"2026-01-03","to":"2026-01-02","note":"n"})",
        R"({"sensor":"plant-a","from":"2026-01-01","to":"2026-01-02","note":""})",
        R"({"sensor":"plant-a","from":"2026-01-01","to":"2026-01-02","nota":"n"})"}) {
    EXPECT_EQ(Call("POST", "/api/v1/pins", body).status, 400) << body;
  }
  EXPECT_EQ(Call("POST", "/api/v1/pins", R"({"flow":"plant-a.7.1","note":"n"})").status, 404);
  EXPECT_EQ(Call("POST", "/api/v1/pins", std::string(20'000, ' ')).status, 413);
  EXPECT_EQ(Get("/api/v1/pins", {{"x", "1"}}).status, 400);
}

}  // namespace
}  // namespace tapiary::server::test
