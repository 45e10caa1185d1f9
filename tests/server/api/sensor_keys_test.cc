#include "server/api/sensor_keys.h"

#include "tests/server/api/fixture.h"

namespace tapiary::server::test {
namespace {

class SensorKeysApi : public ApiFixture {
 protected:
  class Text : public BodySource {
   public:
    explicit Text(std::string text) : text_(std::move(text)) {}
    base::Result<std::size_t> Read(std::span<char> buffer) override {
      const std::size_t size = std::min(buffer.size(), text_.size());
      std::copy_n(text_.begin(), size, buffer.begin());
      text_.erase(0, size);
      return size;
    }

   private:
    std::string text_;
  };
  Response Post(const std::string& path, const std::string& body) {
    const Router::Match match = router_->Find("POST", path);
    EXPECT_NE(match.route, nullptr);
    Request request;
    request.method = "POST";
    request.path = path;
    request.path_params = match.params;
    request.identity.user_name = "root";
    Text source(body);
    return match.route->handler(request, source);
  }
};

TEST_F(SensorKeysApi, KeysAreGivenAndShown) {
  SensorId("plant-a");
  const std::string key(64, 'a');
  const std::string path = "/api/v1/sensors/plant-a/keys";
  EXPECT_EQ(Json(path)["items"].size(), 0u);
  ASSERT_EQ(Post(path, R"({"key":")" + key + R"(","state":"trusted"})").status, 200);
  const auto shown = Json(path)["items"];
  ASSERT_EQ(shown.size(), 1u);
  EXPECT_EQ(shown[0]["key"], key);
  EXPECT_EQ(shown[0]["state"], "trusted");
  EXPECT_EQ(shown[0]["decided_by"], "root");
  EXPECT_EQ(Json("/api/v1/sensors")["items"][0]["evidence"]["state"], "unsigned");
  EXPECT_EQ(router_->Find("POST", path).route->scope, Scope::kAdmin);
}

TEST_F(SensorKeysApi, WrongBodiesAndNamesAreRefused) {
  SensorId("plant-a");
  const std::string path = "/api/v1/sensors/plant-a/keys";
  for (const char* body : {"", "[]", R"({"key":"aa","state":"trusted"})",
                           R"({"key":1,"state":"trusted"})", R"({"state":"trusted"})"}) {
    EXPECT_EQ(Post(path, body).status, 400) << body;
  }
  const std::string key(64, 'a');
  EXPECT_EQ(Post(path, R"({"key":")" + key + R"(","state":"maybe"})").status, 400);
  EXPECT_EQ(
      Post("/api/v1/sensors/none/keys", R"({"key":")" + key + R"(","state":"trusted"})").status,
      404);
  EXPECT_EQ(Get("/api/v1/sensors/none/keys").status, 404);
}

}  // namespace
}  // namespace tapiary::server::test
