#include "server/http/exchange.h"

#include <ctime>
#include <exception>

#include "base/log.h"

namespace tapiary::server {

std::string HttpDate() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

base::Result<Request> ToRequest(const http::request_header<>& header, const std::string& peer) {
  TAPIARY_ASSIGN(Target target, ParseTarget(header.target()));
  Request request;
  request.method = std::string(header.method_string());
  request.path = std::move(target.path);
  request.query = std::move(target.query);
  request.peer = peer;
  for (const auto& field : header) {
    std::string name(field.name_string());
    for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    request.headers[std::move(name)] = std::string(field.value());
  }
  return request;
}

Response RunHandler(const Route& route, const Request& request, BodySource& body) {
  try {
    return route.handler(request, body);
  } catch (const std::exception& error) {  // a library's; ours do not throw
    base::LogError("{} {}: {}", route.method, route.pattern, error.what());
    return Problem(500, "Internal error", "the collector's log says more");
  }
}

base::Result<std::size_t> Pull(BodySource& source, std::span<char> into) {
  try {
    return source.Read(into);
  } catch (const std::exception& error) {
    return base::MakeError(base::ErrorCode::kInternal, error.what());
  }
}

http::response_header<> ToHeader(const Response& response) {
  http::response_header<> header;
  header.version(11);
  header.result(static_cast<unsigned>(response.status));
  header.set(http::field::date, HttpDate());
  if (!response.content_type.empty()) {
    header.set(http::field::content_type, response.content_type);
  }
  for (const auto& [name, value] : response.headers) header.insert(name, value);
  return header;
}

}  // namespace tapiary::server
