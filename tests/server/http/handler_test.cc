#include "server/http/handler.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace tapiary::server {
namespace {

class TextBody : public BodySource {
 public:
  TextBody(std::string text, std::size_t piece) : text_(std::move(text)), piece_(piece) {}
  base::Result<std::size_t> Read(std::span<char> buffer) override {
    const std::size_t size = std::min({piece_, buffer.size(), text_.size() - at_});
    std::copy_n(text_.begin() + static_cast<std::ptrdiff_t>(at_), size, buffer.begin());
    at_ += size;
    return size;
  }
  std::size_t at_ = 0;

 private:
  std::string text_;
  std::size_t piece_;
};

TEST(Handler, HeaderFindsByLowerCaseName) {
  Request request;
  request.headers["content-digest"] = "x";
  EXPECT_EQ(request.Header("content-digest"), "x");
  EXPECT_EQ(request.Header("accept"), "");
}

TEST(Handler, CO02_ProblemIsJsonWhateverTheBytes) {
  std::string bytes = "</script>\"\\ ";
  for (int i = 0; i < 256; ++i) bytes.push_back(static_cast<char>(i));
  const Response response = Problem(400, bytes, bytes);
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(response.content_type, "application/problem+json");
  const auto json = nlohmann::json::parse(response.body);
  EXPECT_EQ(json["status"], 400);
  EXPECT_NE(json["detail"].get<std::string>().find("\\x00"), std::string::npos);
}

TEST(Handler, ProblemForHasTheStatusOfTheCode) {
  using base::ErrorCode;
  const auto status = [](ErrorCode code) {
    return ProblemFor(base::MakeError(code, "why")).status;
  };
  EXPECT_EQ(status(ErrorCode::kInvalid), 400);
  EXPECT_EQ(status(ErrorCode::kPermission), 403);
  EXPECT_EQ(status(ErrorCode::kNotFound), 404);
  EXPECT_EQ(status(ErrorCode::kConflict), 409);
  EXPECT_EQ(status(ErrorCode::kTooLarge), 413);
  EXPECT_EQ(status(ErrorCode::kCorrupt), 422);
  EXPECT_EQ(status(ErrorCode::kUnavailable), 503);
  EXPECT_EQ(status(ErrorCode::kIo), 500);
}

TEST(Handler, CO08_AnInternalErrorKeepsItsTextToTheLog) {
  const Response response = ProblemFor(base::MakeError(base::ErrorCode::kIo, "/secret/path: no"));
  EXPECT_EQ(response.body.find("secret"), std::string::npos);
}

TEST(Handler, TheActorIsThePersonThenTheToken) {
  Identity identity{.scope = Scope::kViewer, .token_id = 7, .token_name = "ci"};
  EXPECT_EQ(ActorOf(identity), "token 7 (ci)");
  identity.user_name = "ann";
  identity.user_id = 3;
  EXPECT_EQ(ActorOf(identity), "ann by token 7 (ci)");
  identity.token_id = 0;
  EXPECT_EQ(ActorOf(identity), "ann");
  EXPECT_EQ(ActorOf({.scope = Scope::kSensor, .token_id = 9, .sensor_name = "plant-a"}), "plant-a");
}

TEST(Handler, UnavailableSaysWhenToComeBack) {
  const Response response = ProblemFor(base::MakeError(base::ErrorCode::kUnavailable, "full"));
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].first, "Retry-After");
}

TEST(Handler, ReadBodyTakesExactlyTheLimitAndNoMore) {
  TextBody fits(std::string(1000, 'a'), 7);
  const auto text = ReadBody(fits, 1000);
  ASSERT_TRUE(text);
  EXPECT_EQ(text->size(), 1000U);

  TextBody over(std::string(100'000, 'a'), 7);
  const auto error = ReadBody(over, 999);
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().code, base::ErrorCode::kTooLarge);
  EXPECT_LE(over.at_, 1006U);  // stops at once
}

}  // namespace
}  // namespace tapiary::server
