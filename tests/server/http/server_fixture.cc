#include "tests/server/http/server_fixture.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <thread>

#include "server/http/certificate.h"

namespace tapiary::server {
namespace {

// `total` bytes of 'x', then the end or an error.
class Letters : public BodySource {
 public:
  Letters(Seen& seen, std::uint64_t total, bool fails) : seen_(seen), left_(total), fails_(fails) {
    ++seen_.streams_alive;
  }
  ~Letters() override { --seen_.streams_alive; }
  base::Result<std::size_t> Read(std::span<char> buffer) override {
    const std::size_t size = std::min<std::uint64_t>(left_, buffer.size());
    if (size == 0 && fails_) return base::MakeError(base::ErrorCode::kCorrupt, "broken store");
    std::fill_n(buffer.begin(), size, 'x');
    left_ -= size;
    seen_.streamed_bytes += size;
    return size;
  }

 private:
  Seen& seen_;
  std::uint64_t left_;
  bool fails_;
};

void Hold(Seen& seen) {
  ++seen.holding;
  while (seen.held) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  --seen.holding;
}

// Its first piece takes long.
class HeldLetters final : public Letters {
 public:
  explicit HeldLetters(Seen& seen) : Letters(seen, 10, false), seen_(seen) {}
  base::Result<std::size_t> Read(std::span<char> buffer) override {
    Hold(seen_);
    return Letters::Read(buffer);
  }

 private:
  Seen& seen_;
};

Response Take(Seen& seen, BodySource& body) {
  ++seen.handler_calls;
  std::array<char, 4096> buffer;
  for (;;) {
    const auto size = body.Read(buffer);
    if (!size) {
      ++seen.body_errors;
      return ProblemFor(size.error());
    }
    if (*size == 0) return JsonResponse(201, R"({"taken":true})");
    seen.body_bytes += *size;
  }
}

Response Stream(Seen& seen, std::uint64_t total, bool fails) {
  Response response;
  response.content_type = "application/octet-stream";
  response.stream = std::make_unique<Letters>(seen, total, fails);
  return response;
}

std::vector<Route> Routes(Seen& seen) {
  constexpr std::uint64_t kHuge = 1ULL << 40;
  std::vector<Route> routes;
  const auto get = [&](const char* pattern, Scope scope, Handler handler) {
    routes.push_back(
        {.method = "GET", .pattern = pattern, .scope = scope, .handler = std::move(handler)});
  };
  get("/hello", Scope::kPublic, [](const Request& request, BodySource&) {
    return JsonResponse(200, "hello " + request.query.begin()->second);
  });
  get("/path/{name}", Scope::kPublic, [](const Request& request, BodySource&) {
    return JsonResponse(200, "<" + request.path_params.at("name") + ">");
  });
  get("/view", Scope::kViewer, [](const Request& request, BodySource&) {
    return JsonResponse(200, request.identity.token_name);
  });
  get("/throws", Scope::kPublic,
      [](const Request&, BodySource&) -> Response { throw std::runtime_error("a library's"); });
  routes.push_back(
      {.method = "POST",
       .pattern = "/public",
       .scope = Scope::kPublic,
       .handler = [&seen](const Request&, BodySource& body) { return Take(seen, body); },
       .max_body_bytes = 1024});
  get("/stream", Scope::kViewer,
      [&seen](const Request&, BodySource&) { return Stream(seen, 300'000, false); });
  get("/endless", Scope::kViewer,
      [&seen, kHuge](const Request&, BodySource&) { return Stream(seen, kHuge, false); });
  get("/breaks", Scope::kViewer,
      [&seen](const Request&, BodySource&) { return Stream(seen, 100'000, true); });
  get("/held", Scope::kViewer, [&seen](const Request&, BodySource&) {
    Hold(seen);
    return JsonResponse(200, "{}");
  });
  get("/held-stream", Scope::kViewer, [&seen](const Request&, BodySource&) {
    Response response = Stream(seen, 0, false);
    response.stream = std::make_unique<HeldLetters>(seen);
    return response;
  });
  routes.push_back(
      {.method = "PUT",
       .pattern = "/in",
       .scope = Scope::kSensor,
       .handler = [&seen](const Request&, BodySource& body) { return Take(seen, body); },
       .max_body_bytes = 100'000});
  routes.push_back({.method = "PUT",
                    .pattern = "/ignores",
                    .scope = Scope::kSensor,
                    .handler = [](const Request&, BodySource&) { return JsonResponse(409, "{}"); },
                    .max_body_bytes = 100'000'000});
  return routes;
}

base::Result<Identity> Authenticate(const Credential& credential, const std::string&) {
  const std::string_view token = credential.text;
  Identity identity;
  identity.token_name = token;
  identity.token_id = token.empty() ? 0 : token.back();
  if (token.starts_with("sensor-token")) {
    identity.scope = Scope::kSensor;
  } else if (token == "viewer-token") {
    identity.scope = Scope::kViewer;
  } else {
    return base::MakeError(base::ErrorCode::kPermission, "no");
  }
  return identity;
}

}  // namespace

ServerFixture::ServerFixture() {
  std::string name = (std::filesystem::temp_directory_path() / "tapiary-http-XXXXXX").string();
  folder_ = mkdtemp(name.data());
}

ServerFixture::~ServerFixture() {
  seen_.held = false;
  server_.reset();
  std::filesystem::remove_all(folder_);
}

void ServerFixture::Start() {
  options_.listen = {{.address = "127.0.0.1", .port = 0, .tls = true},
                     {.address = "127.0.0.1", .port = 0, .tls = false}};
  options_.certificate_file = folder_ / "server.crt";
  options_.key_file = folder_ / "server.key";
  const auto made = EnsureCertificate(options_.certificate_file, options_.key_file, {"test"});
  ASSERT_TRUE(made) << made.error().message;
  server_ = std::make_unique<HttpServer>(options_, Routes(seen_), Authenticate);
  const auto started = server_->Start();
  ASSERT_TRUE(started) << started.error().message;
}

std::string ServerFixture::Ask(const std::string& request, bool head_only) {
  RawClient client(tls_port());
  client.Send(request);
  return client.ReadAnswer(head_only);
}

std::string Head(const std::string& method, const std::string& path, const std::string& token,
                 const std::string& more) {
  return method + " " + path + " HTTP/1.1\r\nHost: test\r\n" +
         (token.empty() ? "" : "Authorization: Bearer " + token + "\r\n") + more + "\r\n";
}

bool WaitUntil(const std::function<bool()>& condition, int timeout_ms) {
  for (int waited = 0; !condition(); waited += 10) {
    if (waited >= timeout_ms) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return true;
}

}  // namespace tapiary::server
