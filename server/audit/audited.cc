#include "server/audit/audited.h"

#include <utility>

#include "base/log.h"

namespace tapiary::server {
namespace {

const char* ToString(AccessKind kind) {
  switch (kind) {
    case AccessKind::kSearch:
      return "search";
    case AccessKind::kView:
      return "view";
    default:
      return "download";
  }
}

// Counts what is sent and tells how it ended.
class CountedBody : public BodySource {
 public:
  CountedBody(std::unique_ptr<BodySource> inner, AccessLog& log, std::int64_t id)
      : inner_(std::move(inner)), log_(log), id_(id) {}
  ~CountedBody() override {
    if (!told_) log_.End(id_, bytes_, "left");
  }
  CountedBody(const CountedBody&) = delete;
  CountedBody& operator=(const CountedBody&) = delete;

  base::Result<std::size_t> Read(std::span<char> buffer) override {
    auto size = inner_->Read(buffer);
    if (size) bytes_ += *size;
    if (!size || *size == 0) Tell(size ? "whole" : "broken");
    return size;
  }

 private:
  void Tell(const char* outcome) {
    if (!std::exchange(told_, true)) log_.End(id_, bytes_, outcome);
  }

  std::unique_ptr<BodySource> inner_;
  AccessLog& log_;
  const std::int64_t id_;
  std::uint64_t bytes_ = 0;
  bool told_ = false;
};

// A part of a live tail: counted in the row that all of them have.
class CountedPart : public BodySource {
 public:
  CountedPart(std::unique_ptr<BodySource> inner, AccessLog& log, Access access)
      : inner_(std::move(inner)), log_(log), access_(std::move(access)) {}
  ~CountedPart() override { log_.Note(std::move(access_)); }
  CountedPart(const CountedPart&) = delete;
  CountedPart& operator=(const CountedPart&) = delete;

  base::Result<std::size_t> Read(std::span<char> buffer) override {
    auto size = inner_->Read(buffer);
    if (size) access_.bytes += *size;
    return size;
  }

 private:
  std::unique_ptr<BodySource> inner_;
  AccessLog& log_;
  Access access_;
};

// '%' and what would end the parameter; whoever writes the row escapes what is not printable.
std::string Plain(std::string_view text, std::string_view ends) {
  std::string out;
  for (const char c : text) {
    if (c == '%' || ends.find(c) != std::string_view::npos) {
      constexpr char kHex[] = "0123456789ABCDEF";
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHex[byte >> 4], kHex[byte & 15]};
    } else {
      out += c;
    }
  }
  return out;
}

Response Refuse(const base::Error& error) {
  base::LogError("a download was refused, since the audit cannot be written: {}", error.message);
  Response response = Problem(503, "Not available now",
                              "downloads are kept in the audit, which cannot be written now");
  response.headers.emplace_back("Retry-After", "10");
  return response;
}

// A tail asks again each second or so.
Response LogPart(Response response, const Request& request, Access access, AccessLog& log) {
  access.same = "live " + AskedFor(request, "live until");
  const auto made = log.BeginSame(access);
  if (!made) return Refuse(made.error());
  access.uses = *made ? 0 : 1;
  response.stream =
      std::make_unique<CountedPart>(std::move(response.stream), log, std::move(access));
  return response;
}

Response Log(Response response, const Request& request, AccessKind kind, AccessLog& log) {
  Access access{.actor = ActorOf(request.identity),
                .peer = request.peer,
                .action = ToString(kind),
                .detail = AskedFor(request),
                .status = response.status,
                .bytes = response.body.size()};
  if (request.method == "HEAD") access.detail = "HEAD " + access.detail;
  if (kind == AccessKind::kDownload && response.stream && request.method != "HEAD") {
    if (request.query.contains("live")) {
      return LogPart(std::move(response), request, std::move(access), log);
    }
    const auto id = log.Begin(access);
    if (!id) return Refuse(id.error());
    response.stream = std::make_unique<CountedBody>(std::move(response.stream), log, *id);
    return response;
  }
  // Of a page that refreshes itself, and of the pages of a list, there is one row; an answer of
  // another kind gets its own.
  access.same =
      std::to_string(response.status) + " " + request.method + " " + AskedFor(request, "after");
  log.Note(std::move(access));
  return response;
}

}  // namespace

std::string AskedFor(const Request& request, std::string_view leave_out) {
  std::string text = Plain(request.path, "?#");
  char before = '?';
  for (const auto& [name, value] : request.query) {
    const std::string padded = " " + std::string(leave_out) + " ";
    if (padded.find(" " + name + " ") != padded.npos) continue;
    text += before + Plain(name, "&#+=") + "=" + Plain(value, "&#+");
    before = '&';
  }
  return text;
}

Route Audited(Route route, AccessKind kind, AccessLog* log) {
  if (log == nullptr || kind == AccessKind::kNone) return route;
  route.handler = [inner = std::move(route.handler), kind, log](const Request& request,
                                                                BodySource& body) {
    return Log(inner(request, body), request, kind, *log);
  };
  return route;
}

}  // namespace tapiary::server
