// A flow's packets explained: by the real sharkd, and by ones that fail in every way.
#include "server/api/packets.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "server/dissect/sharkd.h"
#include "tests/server/api/fixture.h"
#include "tests/server/dissect/script.h"

namespace tapiary::server {
namespace {

using nlohmann::json;
using test::Script;
using testing::HasSubstr;

class PacketsTest : public test::ApiFixture {
 protected:
  void SetUp() override {
    ApiFixture::SetUp();
    const auto records = StoreModbus(3);
    path_ = "/api/v1/flows/plant-a." + records.flows.at(1).id.ToString() + "/packets";
  }
  void Use(const std::string& program, std::int64_t time_ms = 15'000) {
    DissectOptions options;
    options.program = program;
    options.limits.time_ns = time_ms * base::kNanosPerMilli;
    sharkd_ = std::make_unique<Sharkd>(options);
    router_ = std::make_unique<Router>(ApiRoutes({*catalog_, *vault_, sharkd_.get()}));
  }
  bool UseReal() {
    Use("/usr/bin/sharkd");
    return ::access("/usr/bin/sharkd", X_OK) == 0;
  }
  int StatusWith(const std::string& python, std::int64_t time_ms = 15'000) {
    const Script script(python);
    Use(script.path(), time_ms);
    const Response response = Get(path_);
    EXPECT_EQ(response.content_type, "application/problem+json");
    return response.status;
  }
  std::string path_;
  std::unique_ptr<Sharkd> sharkd_;
};

TEST_F(PacketsTest, ListsAFlowInPages) {
  if (!UseReal()) GTEST_SKIP() << "needs wireshark-common";
  const json all = Json(path_);
  ASSERT_EQ(all["items"].size(), 10u);
  EXPECT_TRUE(all["next"].is_null());
  EXPECT_EQ(all["missing"], 0);
  const json& request = all["items"][3];
  EXPECT_EQ(request["number"], 4);
  EXPECT_EQ(request["protocol"], "Modbus/TCP");
  EXPECT_EQ(request["source"].get<std::string>().substr(0, 3), "10.");
  EXPECT_GT(request["length"], 60);
  EXPECT_THAT(request["info"].get<std::string>(), HasSubstr("Query"));
  json paged = json::array();
  std::string after = "0";
  for (int page = 0; page < 4; ++page) {
    const json part = Json(path_, {{"limit", "3"}, {"after", after}});
    for (const auto& item : part["items"]) paged.push_back(item);
    if (part["next"].is_null()) break;
    after = std::to_string(part["next"].get<int>());
  }
  ASSERT_EQ(paged.size(), 10u);
  for (std::size_t i = 0; i < paged.size(); ++i) {
    EXPECT_EQ(paged[i]["number"], i + 1);
    EXPECT_EQ(paged[i]["time"], all["items"][i]["time"]);
    EXPECT_EQ(paged[i]["protocol"], all["items"][i]["protocol"]);
  }
}

TEST_F(PacketsTest, OnePacketIsATreeWithItsBytes) {
  if (!UseReal()) GTEST_SKIP() << "needs wireshark-common";
  const json packet = Json(path_, {{"number", "4"}});
  EXPECT_EQ(packet["number"], 4);
  EXPECT_EQ(packet["bytes"].get<std::string>().size(), 2 * packet["captured"].get<std::size_t>());
  EXPECT_THAT(packet["tree"].dump(), HasSubstr("modbus.func_code"));
  EXPECT_EQ(packet["tree_cut"], false);
  for (const auto& node : packet["tree"]) {
    if (!node.contains("range")) continue;
    EXPECT_LE(node["range"][0].get<int>() + node["range"][1].get<int>(),
              packet["captured"].get<int>());
  }
  EXPECT_EQ(Get(path_, {{"number", "11"}}).status, 404);
}

TEST_F(PacketsTest, WrongQuestionsAreRefused) {
  Use("/usr/bin/sharkd");
  EXPECT_EQ(Get(path_, {{"number", "0"}}).status, 400);
  EXPECT_EQ(Get(path_, {{"number", "99999999"}}).status, 400);
  EXPECT_EQ(Get(path_, {{"number", "1"}, {"limit", "5"}}).status, 400);
  EXPECT_EQ(Get(path_, {{"limit", "1001"}}).status, 400);
  EXPECT_EQ(Get(path_, {{"filter", "tcp"}}).status, 400);
  EXPECT_EQ(Get("/api/v1/flows/plant-a.7.99999/packets").status, 404);
  EXPECT_EQ(Get("/api/v1/flows/x/packets").status, 400);
}

TEST_F(PacketsTest, WhatAHelperDoesCostsItsOwnRequest) {
  EXPECT_EQ(StatusWith("import time\ntime.sleep(60)\n", 400), 504);
  EXPECT_EQ(StatusWith("while True: pass\n", 400), 504);
  EXPECT_EQ(StatusWith("import os\nos.abort()\n"), 502);
  EXPECT_EQ(StatusWith("import os\nwhile True: os.write(1, b'x' * 65536)\n"), 502);
  EXPECT_EQ(StatusWith("x = bytearray(2 << 30)\n"), 502);
  EXPECT_EQ(StatusWith("print('{\"id\":1,\"result\":{}}')\n"), 502);
  EXPECT_EQ(StatusWith("print('[' * 1000000)\n"), 502);
  if (!UseReal()) return;
  EXPECT_EQ(Get(path_).status, 200);  // and the next one is answered
}

// A helper that leaves out lines, or makes up numbers, hides no packet.
TEST_F(PacketsTest, EveryStoredPacketIsListed) {
  const Script liar(
      "print('{\"id\":1,\"result\":{}}')\n"
      "print('{\"id\":2,\"result\":[{\"num\":2,\"c\":[\"2\",\"0\",\"a\",\"b\",\"P\",\"9\",\"i\"]},'"
      "'{\"num\":4000000000,\"c\":[\"2\",\"0\",\"a\",\"b\",\"P\",\"9\",\"i\"]}]}')\n");
  Use(liar.path());
  const json all = Json(path_);
  ASSERT_EQ(all["items"].size(), 10u);
  EXPECT_TRUE(all["items"][0]["info"].is_null());
  EXPECT_EQ(all["items"][1]["info"], "i");
}

TEST_F(PacketsTest, AUserWhoIsNotThereIsNoMissingFlow) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  DissectOptions options;
  options.program = "/bin/true";
  options.user = "no-such-user";
  sharkd_ = std::make_unique<Sharkd>(options);
  router_ = std::make_unique<Router>(ApiRoutes({*catalog_, *vault_, sharkd_.get()}));
  const Response response = Get(path_);
  EXPECT_EQ(response.status, 501);
  EXPECT_THAT(response.body, HasSubstr("dissect.user"));
}

TEST_F(PacketsTest, WithoutSharkdItIsSaidWhatToInstall) {
  Use("/nonexistent/sharkd");
  const Response response = Get(path_);
  EXPECT_EQ(response.status, 501);
  EXPECT_THAT(response.body, HasSubstr("wireshark-common"));
  router_ = std::make_unique<Router>(ApiRoutes({*catalog_, *vault_}));
  EXPECT_EQ(Get(path_).status, 501);
}

}  // namespace
}  // namespace tapiary::server
