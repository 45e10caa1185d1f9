#include "server/http/handler.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/log.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

struct Kind {
  int status;
  const char* title;
};

Kind KindOf(base::ErrorCode code) {
  using base::ErrorCode;
  switch (code) {
    case ErrorCode::kInvalid:
      return {400, "The request is wrong"};
    case ErrorCode::kPermission:
      return {403, "Not allowed"};
    case ErrorCode::kNotFound:
      return {404, "Not found"};
    case ErrorCode::kConflict:
      return {409, "It conflicts with what is there"};
    case ErrorCode::kTooLarge:
      return {413, "Too large"};
    case ErrorCode::kCorrupt:
      return {422, "The content breaks its format"};
    case ErrorCode::kUnavailable:
      return {503, "Not available now"};
    default:
      return {500, "The collector failed"};
  }
}

}  // namespace

std::string ActorOf(const Identity& identity) {
  if (identity.scope == Scope::kSensor) return identity.sensor_name;
  if (identity.token_id == 0) return identity.user_name;
  const std::string token =
      "token " + std::to_string(identity.token_id) + " (" + identity.token_name + ")";
  return identity.user_id == 0 ? token : identity.user_name + " by " + token;
}

std::string_view Request::Header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? std::string_view() : std::string_view(found->second);
}

Response JsonResponse(int status, std::string json) {
  Response response;
  response.status = status;
  response.body = std::move(json);
  return response;
}

Response Problem(int status, std::string_view title, std::string_view detail) {
  const nlohmann::ordered_json problem = {{"status", status},
                                          {"title", base::EscapeBytes(title)},
                                          {"detail", base::EscapeBytes(detail)}};
  Response response = JsonResponse(status, problem.dump());
  response.content_type = "application/problem+json";
  return response;
}

Response ProblemFor(const base::Error& error) {
  const Kind kind = KindOf(error.code);
  if (kind.status == 500) {
    base::LogError("request failed: {}", base::EscapeBytes(error.ToString()));
    return Problem(500, kind.title, "The collector's log has the reason.");
  }
  Response response = Problem(kind.status, kind.title, error.message);
  if (kind.status == 503) response.headers.emplace_back("Retry-After", "10");
  return response;
}

base::Result<std::string> ReadBody(BodySource& body, std::size_t max_bytes) {
  std::string text;
  std::array<char, 16384> buffer;
  for (;;) {
    TAPIARY_ASSIGN(const std::size_t size, body.Read(buffer));
    if (size == 0) return text;
    if (size > max_bytes - text.size()) {
      return base::MakeError(base::ErrorCode::kTooLarge,
                             fmt::format("the body is longer than {} bytes", max_bytes));
    }
    text.append(buffer.data(), size);
  }
}

}  // namespace tapiary::server
