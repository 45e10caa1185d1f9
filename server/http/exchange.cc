#include "server/http/exchange.h"

#include <ctime>
#include <exception>

#include "base/log.h"

namespace tapiary::server {

namespace {

Response Twice(std::string_view field) {
  return Problem(400, "Bad HTTP", "the field " + std::string(field) + " is there twice");
}

}  // namespace

std::string HttpDate() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[40];
  std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts);
  return text;
}

std::optional<Response> CheckFraming(const http::request_header<>& header) {
  for (const auto name : {http::field::host, http::field::authorization,
                          http::field::content_length, http::field::transfer_encoding}) {
    if (header.count(name) > 1) return Twice(http::to_string(name));
  }
  if (header.count("Content-Digest") > 1) return Twice("Content-Digest");
  const bool old = header.version() < 11;
  const auto coding = header.find(http::field::transfer_encoding);
  if (coding != header.end() && old) {
    return Problem(400, "Bad HTTP", "HTTP/1.0 has no Transfer-Encoding");
  }
  if (coding != header.end() && !beast::iequals(coding->value(), "chunked")) {
    return Problem(501, "Transfer-Encoding not known", "use 'chunked' or Content-Length");
  }
  if (!old && header.count(http::field::host) == 0) {
    return Problem(400, "Bad HTTP", "HTTP/1.1 needs the field Host");
  }
  return std::nullopt;
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
    const auto [at, fresh] = request.headers.insert_or_assign(name, std::string(field.value()));
    if (!fresh) request.repeated.push_back(at->first);
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
    base::LogError("a streamed answer: {}", error.what());  // what it returns, it logs itself
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
