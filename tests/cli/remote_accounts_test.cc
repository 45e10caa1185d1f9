// Where accounts are kept, and what a collector that answers nonsense gets.
#include "cli/accounts.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "server/catalog/catalog.h"
#include "tests/base/temp_folder.h"
#include "tests/cli/collector_fixture.h"

namespace tapiary::cli {
namespace {

using base::ErrorCode;
using server::BodySource;
using server::Request;
using server::Response;

TEST(Accounts, OnePlaceIsNamed) {
  const auto both = OpenAccounts({.catalog = "c.sqlite", .collector = {.url = "https://c:8443"}});
  ASSERT_FALSE(both);
  EXPECT_EQ(both.error().code, ErrorCode::kInvalid);
  EXPECT_NE(both.error().message.find("TAPIARY_COLLECTOR"), std::string::npos);
}

// README has TAPIARY_COLLECTOR exported: what is said with the verb counts more than that.
TEST(Accounts, AnOptionCountsMoreThanTheEnvironment) {
  ASSERT_EQ(setenv("TAPIARY_COLLECTOR", "https://c:8443", 1), 0);
  const auto local =
      OpenAccounts({.catalog = "/nowhere/c.sqlite", .collector = {.url = "https://c:8443"}});
  ASSERT_FALSE(local);
  EXPECT_EQ(local.error().code, ErrorCode::kNotFound) << local.error().message;
  ASSERT_EQ(setenv("TAPIARY_CATALOG", "/nowhere/c.sqlite", 1), 0);
  const auto both =
      OpenAccounts({.catalog = "/nowhere/c.sqlite", .collector = {.url = "https://c:8443"}});
  EXPECT_EQ(both.error().code, ErrorCode::kInvalid);
  unsetenv("TAPIARY_CATALOG");
  unsetenv("TAPIARY_COLLECTOR");
}

// A token in a catalog that was made for it is one that no collector knows.
TEST(Accounts, ACatalogThatIsNotThereIsNotMade) {
  const base::TempFolder folder;
  const std::string path = folder.path() + "/catalog.sqlite";
  const auto none = OpenAccounts({.catalog = path, .collector = {}});
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().code, ErrorCode::kNotFound);
  EXPECT_FALSE(std::filesystem::exists(path));
  ASSERT_TRUE(server::Catalog::Open({.path = path}));
  EXPECT_TRUE(OpenAccounts({.catalog = path, .collector = {}}));
}

class RemoteAccountsTest : public CollectorFixture {
 protected:
  std::unique_ptr<Accounts> Answering(std::string body) {
    const auto answer = [body](const Request&, BodySource&) {
      Response response;
      response.content_type = "application/json";
      response.body = body;
      return response;
    };
    Serve({Route("GET", answer), Route("POST", answer)});
    return std::move(*OpenRemoteAccounts(Options()));
  }
};

TEST_F(RemoteAccountsTest, ListsWhatComes) {
  const auto accounts = Answering(
      R"({"items":[{"id":7,"name":"plant\\x01","scope":"sensor","user":null,)"
      R"("created":"2026-11-25T10:00:00Z","expires":"2026-12-25T10:00:00Z","last_used":null,)"
      R"("revoked":null}],"next":null})");
  const auto tokens = accounts->ListTokens();
  ASSERT_TRUE(tokens) << tokens.error().message;
  ASSERT_EQ(tokens->size(), 1U);
  EXPECT_EQ((*tokens)[0].id, 7);
  EXPECT_EQ((*tokens)[0].name, "plant\x01");
  EXPECT_EQ((*tokens)[0].user, "");
  EXPECT_EQ(*(*tokens)[0].expires_ns - (*tokens)[0].created_ns, 30LL * 86400 * 1'000'000'000);
  EXPECT_FALSE((*tokens)[0].revoked_ns);
}

TEST_F(RemoteAccountsTest, NonsenseIsAnError) {
  for (const char* body :
       {"", "[]", "{", R"({"items":[7]})", R"({"items":[{"name":5,"scope":"sensor"}]})",
        R"({"items":[{"name":"a","scope":"sensor","created":"yesterday"}]})"}) {
    const auto accounts = Answering(body);
    const auto tokens = accounts->ListTokens();
    ASSERT_FALSE(tokens) << body;
    EXPECT_EQ(tokens.error().code, ErrorCode::kCorrupt) << body;
    EXPECT_FALSE(accounts->CreateToken({.name = "a", .scope = "viewer"})) << body;
    server_->Stop();
  }
}

TEST_F(RemoteAccountsTest, AListWithoutAnEndEnds) {
  const auto accounts = Answering(R"({"items":[],"next":"1"})");
  const auto tokens = accounts->ListTokens();
  ASSERT_FALSE(tokens);
  EXPECT_EQ(tokens.error().code, ErrorCode::kTooLarge);
}

TEST_F(RemoteAccountsTest, ARefusalSaysWhoWasAskedAndWhatElseThereIs) {
  Serve({Route("POST", [](const Request&, BodySource&) {
    return server::Problem(403, "Not allowed", "no");
  })});
  const auto accounts = std::move(*OpenRemoteAccounts(Options()));
  const auto message = [&] {
    const auto token = accounts->CreateToken({.name = "a", .scope = "sensor"});
    return token ? "" : token.error().message;
  };
  const std::string url = Options().url;
  EXPECT_NE(message().find("; " + url + " was asked: on its host, --catalog"), std::string::npos)
      << message();
  ASSERT_EQ(setenv("TAPIARY_COLLECTOR", url.c_str(), 1), 0);
  EXPECT_NE(message().find("since TAPIARY_COLLECTOR names it"), std::string::npos) << message();
  unsetenv("TAPIARY_COLLECTOR");
}

TEST_F(RemoteAccountsTest, TokensOfOthersAreForTheHost) {
  const auto accounts = Answering("{}");
  const auto token = accounts->CreateToken({.name = "a", .scope = "viewer", .user = "bob"});
  ASSERT_FALSE(token);
  EXPECT_EQ(token.error().code, ErrorCode::kInvalid);
}

}  // namespace
}  // namespace tapiary::cli
