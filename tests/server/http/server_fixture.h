// A running HttpServer with routes for tests; one TLS and one plain listener on free ports.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <memory>
#include <string>

#include "server/http/server.h"
#include "tests/server/http/raw_client.h"

namespace tapiary::server {

// What the routes saw; outlives the server.
struct Seen {
  std::atomic<int> handler_calls{0};
  std::atomic<std::uint64_t> body_bytes{0};
  std::atomic<int> body_errors{0};
  std::atomic<std::uint64_t> streamed_bytes{0};
  std::atomic<int> streams_alive{0};
  std::atomic<bool> held{true};  // /held and the stream of /held-stream wait until it is false
  std::atomic<int> holding{0};   // how many of them do
};

class ServerFixture : public testing::Test {
 protected:
  ServerFixture();
  ~ServerFixture() override;

  // Starts with `options_` as they are then; listeners and certificate are set here.
  void Start();
  [[nodiscard]] std::uint16_t tls_port() const { return server_->ports()[0]; }
  [[nodiscard]] std::uint16_t plain_port() const { return server_->ports()[1]; }
  // One request on a connection of its own; the whole answer.
  std::string Ask(const std::string& request, bool head_only = false);

  std::filesystem::path folder_;
  HttpServerOptions options_;
  Seen seen_;
  std::unique_ptr<HttpServer> server_;
};

// "GET /path HTTP/1.1", Host, a token where given, and more header lines.
std::string Head(const std::string& method, const std::string& path, const std::string& token = "",
                 const std::string& more = "");
// Waits until the value is reached; false after the time.
bool WaitUntil(const std::function<bool()>& condition, int timeout_ms);

}  // namespace tapiary::server
