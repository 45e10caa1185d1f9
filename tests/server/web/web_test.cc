#include "server/web/web.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "server/web/assets.h"

namespace tapiary::server {
namespace {

using testing::HasSubstr;
using testing::Not;

class NoBody : public BodySource {
  base::Result<std::size_t> Read(std::span<char>) override { return std::size_t{0}; }
};

Response Get(const std::string& path, std::map<std::string, std::string> headers = {}) {
  for (const Route& route : WebRoutes()) {
    if (route.pattern != path) continue;
    Request request;
    request.path = path;
    request.headers = std::move(headers);
    NoBody body;
    return route.handler(request, body);
  }
  ADD_FAILURE() << "no route " << path;
  return {};
}

std::string HeaderOf(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers) {
    if (key == name) return value;
  }
  return "";
}

class Web : public testing::Test {
  void SetUp() override {
    if (WebAssets().empty()) GTEST_SKIP() << "built with TAPIARY_WEB=OFF";
  }
};

TEST_F(Web, FirstPageLoadsItsOwnFilesOnly) {
  const Response page = Get("/");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.content_type, "text/html; charset=utf-8");
  EXPECT_EQ(HeaderOf(page, "Cache-Control"), "no-cache");
  const std::regex reference("(?:src|href)=\"([^\"]*)\"");
  int files = 0;
  for (std::sregex_iterator at(page.body.begin(), page.body.end(), reference), end; at != end;
       ++at) {
    const Response file = Get((*at)[1].str());
    EXPECT_EQ(file.status, 200);
    EXPECT_FALSE(file.body.empty());
    ++files;
  }
  EXPECT_GE(files, 3);  // script, style, icon
}

TEST_F(Web, CO01_PolicyForbidsInlineScriptAndThePageHasNone) {
  for (const WebAsset& asset : WebAssets()) {
    const Response response = Get(std::string(asset.path));
    const std::string policy = HeaderOf(response, "Content-Security-Policy");
    EXPECT_THAT(policy, HasSubstr("script-src 'self';"));
    EXPECT_THAT(policy, HasSubstr("style-src 'self';"));
    EXPECT_THAT(policy, HasSubstr("frame-ancestors 'none'"));
    EXPECT_THAT(policy, Not(HasSubstr("unsafe")));
    EXPECT_EQ(HeaderOf(response, "X-Content-Type-Options"), "nosniff");
  }
  const std::string page = Get("/").body;
  EXPECT_FALSE(std::regex_search(page, std::regex("<script(?![^>]*src=)")));
  EXPECT_FALSE(std::regex_search(page, std::regex("<style|style=|onload=|onclick=")));
}

TEST_F(Web, HashedFilesAreKeptForeverAndCompressed) {
  for (const WebAsset& asset : WebAssets()) {
    if (!asset.immutable) continue;
    const Response plain = Get(std::string(asset.path));
    EXPECT_THAT(HeaderOf(plain, "Cache-Control"), HasSubstr("immutable"));
    EXPECT_EQ(HeaderOf(plain, "Content-Encoding"), "");
    const Response packed = Get(std::string(asset.path), {{"accept-encoding", "br, gzip"}});
    EXPECT_EQ(HeaderOf(packed, "Content-Encoding"), "gzip");
    EXPECT_LT(packed.body.size(), plain.body.size());
    EXPECT_EQ(packed.body.substr(0, 2), "\x1f\x8b");
    const Response refused = Get(std::string(asset.path), {{"accept-encoding", "gzip;q=0"}});
    EXPECT_EQ(HeaderOf(refused, "Content-Encoding"), "");
  }
}

TEST_F(Web, UnchangedFilesAreNotSentAgain) {
  const Response first = Get("/");
  const Response again = Get("/", {{"if-none-match", HeaderOf(first, "ETag")}});
  EXPECT_EQ(again.status, 304);
  EXPECT_TRUE(again.body.empty());
  EXPECT_EQ(Get("/", {{"if-none-match", "\"other\""}}).status, 200);
}

TEST_F(Web, LicencesOfBundledPackagesAreKept) {
  const std::string text = Get("/LICENSES.txt").body;
  for (const char* package : {"svelte ", "bootstrap ", "uplot "})
    EXPECT_THAT(text, HasSubstr(package));
  EXPECT_THAT(text, HasSubstr("Permission is hereby granted"));
}

}  // namespace
}  // namespace tapiary::server
