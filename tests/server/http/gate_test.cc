#include "server/http/gate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

using testing::HasSubstr;
using testing::Not;

base::Result<Identity> Authenticate(const Credential& credential, const std::string& peer) {
  const std::string_view token = credential.text;
  if (peer == "flooder") return base::MakeError(base::ErrorCode::kTooLarge, "wait");
  Identity identity;
  if (token == "sensor") {
    identity.scope = Scope::kSensor;
  } else if (token == "viewer") {
    identity.scope = Scope::kViewer;
  } else if (token == "analyst") {
    identity.scope = Scope::kAnalyst;
  } else if (token == "new") {
    identity.scope = Scope::kViewer;
    identity.must_change = true;
  } else if (token == "admin") {
    identity.scope = Scope::kAdmin;
  } else if (token == "down") {
    return base::MakeError(base::ErrorCode::kUnavailable, "the catalog is busy");
  } else {
    return base::MakeError(base::ErrorCode::kPermission, "no");
  }
  identity.token_name = token;
  identity.token_id = credential.kind == Credential::Kind::kToken ? 1 : 0;
  return identity;
}

class Gate : public testing::Test {
 protected:
  Gate()
      : router_({{.method = "GET", .pattern = "/public", .scope = Scope::kPublic, .handler = {}},
                 {.method = "GET", .pattern = "/view", .scope = Scope::kViewer, .handler = {}},
                 {.method = "POST", .pattern = "/view", .scope = Scope::kViewer, .handler = {}},
                 {.method = "GET", .pattern = "/write", .scope = Scope::kAnalyst, .handler = {}},
                 {.method = "GET",
                  .pattern = "/password",
                  .scope = Scope::kViewer,
                  .handler = {},
                  .with_old_password = true},
                 {.method = "GET", .pattern = "/admin", .scope = Scope::kAdmin, .handler = {}},
                 {.method = "GET", .pattern = "/in", .scope = Scope::kSensor, .handler = {}},
                 {.method = "PUT",
                  .pattern = "/in/{seq}",
                  .scope = Scope::kSensor,
                  .handler = {},
                  .max_body_bytes = 100}}) {}

  Admission Ask(const std::string& method, const std::string& path) {
    request_.method = method;
    request_.path = path;
    return Admit(router_, Authenticate, proxies_, chunked_, request_);
  }
  // Status of the refusal; 0: admitted.
  int Status(const std::string& method, const std::string& path) {
    const Admission admission = Ask(method, path);
    return admission.refusal ? admission.refusal->status : 0;
  }
  int StatusWith(const std::string& token, const std::string& path) {
    request_ = {};
    request_.headers["authorization"] = "Bearer " + token;
    return Status("GET", path);
  }

  Router router_;
  Request request_;
  TrustedProxies proxies_;
  bool chunked_ = false;
};

TEST_F(Gate, EachScopeReachesItsRoutesOnly) {
  struct Row {
    const char* token;
    int in, view, write, admin;
  };
  for (const Row& row : {Row{"sensor", 0, 403, 403, 403}, Row{"viewer", 403, 0, 403, 403},
                         Row{"analyst", 403, 0, 0, 403}, Row{"admin", 403, 0, 0, 0},
                         Row{"wrong", 401, 401, 401, 401}}) {
    EXPECT_EQ(StatusWith(row.token, "/in"), row.in) << row.token;
    EXPECT_EQ(StatusWith(row.token, "/view"), row.view) << row.token;
    EXPECT_EQ(StatusWith(row.token, "/write"), row.write) << row.token;
    EXPECT_EQ(StatusWith(row.token, "/admin"), row.admin) << row.token;
    EXPECT_EQ(StatusWith(row.token, "/public"), 0) << row.token;
  }
}

TEST_F(Gate, ARefusalSaysWhichRoleItTakes) {
  const auto said = [&](const std::string& path) {
    const Admission admission = Ask("GET", path);
    return admission.refusal ? admission.refusal->body : "";
  };
  request_.headers["authorization"] = "Bearer viewer";
  EXPECT_THAT(said("/write"), HasSubstr("is for an analyst; this token is of a viewer"));
  EXPECT_THAT(said("/in"), HasSubstr("is for a sensor's token and nobody else; this token is of"));
  request_.headers["authorization"] = "Bearer sensor";
  EXPECT_THAT(said("/view"), HasSubstr("is for a viewer; this token is of a sensor"));
  request_.headers = {{"cookie", "__Host-tapiary=analyst"}};
  EXPECT_THAT(said("/admin"), HasSubstr("is for an administrator; you are an analyst"));
}

TEST_F(Gate, WhoIsLoggedInHearsWhyTheCookieDoesNotCount) {
  request_.headers["cookie"] = "__Host-tapiary=viewer";
  const Admission admission = Ask("POST", "/view");
  ASSERT_TRUE(admission.refusal);
  EXPECT_THAT(admission.refusal->body, HasSubstr("Sec-Fetch-Site"));
  request_.headers["authorization"] = "Basic x";
  EXPECT_THAT(Ask("POST", "/view").refusal->body, Not(HasSubstr("Sec-Fetch-Site")));
}

TEST_F(Gate, TheIdentityComesFromTheToken) {
  request_.headers["authorization"] = "Bearer sensor";
  const Admission admission = Ask("PUT", "/in/7");
  ASSERT_FALSE(admission.refusal);
  EXPECT_EQ(admission.route->pattern, "/in/{seq}");
  EXPECT_EQ(request_.path_params.at("seq"), "7");
  EXPECT_EQ(request_.identity.scope, Scope::kSensor);
  EXPECT_EQ(request_.identity.token_name, "sensor");
}

TEST_F(Gate, NoTokenAndWrongTokensAre401WithAChallenge) {
  EXPECT_EQ(Status("GET", "/view"), 401);
  EXPECT_EQ(StatusWith("wrong", "/view"), 401);
  EXPECT_EQ(StatusWith("", "/view"), 401);
  request_.headers["authorization"] = "Basic viewer";
  const Admission admission = Ask("GET", "/view");
  ASSERT_TRUE(admission.refusal);
  EXPECT_EQ(admission.refusal->status, 401);
  ASSERT_FALSE(admission.refusal->headers.empty());
  EXPECT_EQ(admission.refusal->headers[0].first, "WWW-Authenticate");
}

TEST_F(Gate, CO07_IdentityHeadersOfAProxyAreNothing) {
  for (const char* name : {"x-forwarded-user", "x-remote-user", "remote-user", "x-auth-user"}) {
    request_.headers[name] = "admin";
  }
  request_.headers["x-forwarded-for"] = "127.0.0.1";
  EXPECT_EQ(Status("GET", "/admin"), 401);
}

TEST_F(Gate, CO08_ARefusalDoesNotRepeatTheToken) {
  request_.headers["authorization"] = "Bearer tap_verysecret";
  const Admission admission = Ask("GET", "/view");
  ASSERT_TRUE(admission.refusal);
  EXPECT_EQ(admission.refusal->body.find("verysecret"), std::string::npos);
}

TEST_F(Gate, HP04_APeerThatFailedTooOftenWaits) {
  request_.peer = "flooder";
  request_.headers["authorization"] = "Bearer viewer";
  const Admission admission = Ask("GET", "/view");
  ASSERT_TRUE(admission.refusal);
  EXPECT_EQ(admission.refusal->status, 429);
  EXPECT_EQ(admission.refusal->headers[0].first, "Retry-After");
}

TEST_F(Gate, ACatalogThatIsAwayIsNoWrongToken) {
  EXPECT_EQ(StatusWith("down", "/view"), 503);
}

TEST_F(Gate, TheCookieReadsAndWritesOnlyFromOurOwnPage) {
  request_.headers["cookie"] = "__Host-tapiary=viewer";
  EXPECT_EQ(Status("GET", "/view"), 0);
  EXPECT_EQ(Status("POST", "/view"), 401);
  request_.headers["sec-fetch-site"] = "cross-site";
  EXPECT_EQ(Status("POST", "/view"), 401);
  request_.headers["sec-fetch-site"] = "same-site";
  EXPECT_EQ(Status("POST", "/view"), 401);
  request_.headers["sec-fetch-site"] = "same-origin";
  EXPECT_EQ(Status("POST", "/view"), 0);
}

TEST_F(Gate, CO01_AnotherSiteCannotReadByTheCookieEither) {
  request_.headers["cookie"] = "__Host-tapiary=viewer";
  for (const char* site : {"cross-site", "same-site"}) {
    request_.headers["sec-fetch-site"] = site;
    EXPECT_EQ(Status("GET", "/view"), 401) << site;
  }
  request_.headers["sec-fetch-site"] = "none";  // typed by a person
  EXPECT_EQ(Status("GET", "/view"), 0);
  EXPECT_EQ(Status("POST", "/view"), 401);
}

TEST_F(Gate, CO07_ATrustedProxyNamesTheUserAndNobodyElseDoes) {
  const auto proxies = TrustedProxies::Parse({"10.0.0.1"}, "X-User");
  ASSERT_TRUE(proxies);
  proxies_ = *proxies;
  const auto ask = [&](const std::string& peer, const std::string& method) {
    request_ = {};
    request_.peer = peer;
    request_.headers["x-user"] = "viewer";
    request_.headers["x-forwarded-for"] = "203.0.113.9";
    request_.headers["sec-fetch-site"] = method == "GET" ? "none" : "cross-site";
    return Status(method, "/view");
  };
  EXPECT_EQ(ask("10.0.0.1", "GET"), 0);
  EXPECT_EQ(request_.identity.token_name, "viewer");
  EXPECT_EQ(request_.peer, "203.0.113.9");
  EXPECT_EQ(ask("10.0.0.1", "POST"), 401);  // the header comes along by itself, as a cookie does
  EXPECT_EQ(ask("203.0.113.9", "GET"), 401);
  EXPECT_EQ(ask("127.0.0.1", "GET"), 401);
}

TEST_F(Gate, WhoMustChangeThePasswordMayDoNothingElse) {
  EXPECT_EQ(StatusWith("new", "/view"), 403);
  EXPECT_EQ(StatusWith("new", "/password"), 0);
  EXPECT_EQ(StatusWith("new", "/public"), 0);
}

TEST_F(Gate, TheCookieNeverIngests) {
  request_.headers["cookie"] = "__Host-tapiary=sensor";
  EXPECT_EQ(Status("GET", "/in"), 401);
  EXPECT_EQ(Status("GET", "/view"), 403);
}

TEST_F(Gate, AWrongHeaderIsNotRescuedByACookie) {
  request_.headers["cookie"] = "__Host-tapiary=viewer";
  request_.headers["authorization"] = "Bearer wrong";
  EXPECT_EQ(Status("GET", "/view"), 401);
}

TEST_F(Gate, CO05_TheTokenIsAskedBeforeTheSize) {
  request_.content_length = 1'000'000;
  EXPECT_EQ(Status("PUT", "/in/1"), 401);
  request_.headers["authorization"] = "Bearer sensor";
  EXPECT_EQ(Status("PUT", "/in/1"), 413);
  request_.content_length = 100;
  EXPECT_EQ(Status("PUT", "/in/1"), 0);
}

TEST_F(Gate, ARouteWithoutBodyTakesNone) {
  request_.content_length = 0;
  EXPECT_EQ(Status("GET", "/public"), 0);
  request_.content_length = 1;
  EXPECT_EQ(Status("GET", "/public"), 413);
  request_.content_length.reset();
  chunked_ = true;
  EXPECT_EQ(Status("GET", "/public"), 413);
}

TEST_F(Gate, UnknownPathsAndMethods) {
  EXPECT_EQ(Status("GET", "/nothing"), 404);
  const Admission admission = Ask("DELETE", "/view");
  ASSERT_TRUE(admission.refusal);
  EXPECT_EQ(admission.refusal->status, 405);
  EXPECT_EQ(admission.refusal->headers[0].second, "GET, HEAD, POST");
}

TEST(SecurityHeaders, CO01_OnEveryAnswerUnlessTheHandlerSetItsOwn) {
  Response response;
  response.headers = {{"Cache-Control", "no-cache"}};
  AddSecurityHeaders(true, response);
  std::map<std::string, std::string> found(response.headers.begin(), response.headers.end());
  EXPECT_EQ(found.size(), response.headers.size());  // none twice
  EXPECT_EQ(found["Cache-Control"], "no-cache");
  EXPECT_EQ(found["X-Content-Type-Options"], "nosniff");
  EXPECT_EQ(found["Referrer-Policy"], "no-referrer");
  EXPECT_TRUE(found.contains("Strict-Transport-Security"));
  const std::string policy = found["Content-Security-Policy"];
  EXPECT_NE(policy.find("default-src 'self'"), std::string::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe-"), std::string::npos);
}

TEST(GateAdmit, HP04_TheRoutesOwnLimitIsAskedLastAndHoldsItsPass) {
  int asked = 0;
  const auto held = std::make_shared<int>(1);
  const Router router({{.method = "PUT",
                        .pattern = "/in",
                        .scope = Scope::kSensor,
                        .handler = {},
                        .max_body_bytes = 100,
                        .admit = [&](const Request& request) -> Pass {
                          ++asked;
                          if (request.Header("x") == "refuse") {
                            return {.hold = nullptr, .refusal = Problem(429, "a", "b")};
                          }
                          return {.hold = held, .refusal = {}};
                        }}});
  const TrustedProxies proxies;
  Request request;
  request.method = "PUT";
  request.path = "/in";
  EXPECT_EQ(Admit(router, Authenticate, proxies, false, request).refusal->status, 401);
  request.headers["authorization"] = "Bearer sensor";
  request.content_length = 101;
  EXPECT_EQ(Admit(router, Authenticate, proxies, false, request).refusal->status, 413);
  EXPECT_EQ(asked, 0);
  request.content_length = 100;
  {
    const Admission admission = Admit(router, Authenticate, proxies, false, request);
    EXPECT_FALSE(admission.refusal);
    EXPECT_EQ(held.use_count(), 2);
  }
  EXPECT_EQ(held.use_count(), 1);
  request.headers["x"] = "refuse";
  EXPECT_EQ(Admit(router, Authenticate, proxies, false, request).refusal->status, 429);
}

}  // namespace
}  // namespace tapiary::server
