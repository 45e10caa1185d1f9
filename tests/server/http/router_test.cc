#include "server/http/router.h"

#include <gtest/gtest.h>

namespace tapiary::server {
namespace {

Route Make(const char* method, const char* pattern) {
  return {.method = method, .pattern = pattern, .scope = Scope::kPublic, .handler = {}};
}

Router Sample() {
  return Router({Make("GET", "/"), Make("GET", "/segments/{id}"), Make("GET", "/segments/latest"),
                 Make("PUT", "/in/{epoch}/{seq}"), Make("POST", "/tokens"), Make("GET", "/tokens"),
                 Make("DELETE", "/tokens/{id}")});
}

std::string PatternOf(const Router& router, const char* method, const char* path) {
  const Router::Match match = router.Find(method, path);
  return match.route == nullptr ? "none" : match.route->pattern;
}

TEST(Router, FindsFixedAndNamedParts) {
  const Router router = Sample();
  EXPECT_EQ(PatternOf(router, "GET", "/"), "/");
  const Router::Match match = router.Find("PUT", "/in/12/7");
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.params.at("epoch"), "12");
  EXPECT_EQ(match.params.at("seq"), "7");
}

TEST(Router, AFixedPartWinsOverANamedOne) {
  const Router router = Sample();
  EXPECT_EQ(PatternOf(router, "GET", "/segments/latest"), "/segments/latest");
  EXPECT_EQ(PatternOf(router, "GET", "/segments/5"), "/segments/{id}");
}

TEST(Router, ANamedPartIsExactlyOneNonEmptySegment) {
  const Router router = Sample();
  for (const char* path : {"/segments/", "/segments", "/segments/1/2", "/in/1", "//", "", "in/1/2",
                           "/segments/1/", "/TOKENS"}) {
    const Router::Match match = router.Find("GET", path);
    EXPECT_EQ(match.route, nullptr) << path;
  }
}

TEST(Router, CO06_ParentStepsAreOrdinaryText) {
  EXPECT_EQ(Sample().Find("GET", "/segments/../tokens").route, nullptr);
  EXPECT_EQ(Sample().Find("GET", "/segments/..").params.at("id"), "..");
}

TEST(Router, HeadIsGet) {
  const Router router = Sample();
  EXPECT_EQ(PatternOf(router, "HEAD", "/tokens"), "/tokens");
  EXPECT_EQ(PatternOf(router, "HEAD", "/tokens/1"), "none");
}

TEST(Router, AnotherMethodToldFromNoSuchPath) {
  const Router router = Sample();
  EXPECT_EQ(router.Find("PUT", "/tokens").allowed, "GET, HEAD, POST");
  EXPECT_EQ(router.Find("GET", "/tokens/1").allowed, "DELETE");
  EXPECT_EQ(router.Find("GET", "/nothing").allowed, "");
}

}  // namespace
}  // namespace tapiary::server
