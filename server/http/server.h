// HttpServer: HTTP/1.1 over TLS (or plain on loopback, behind a proxy) for a set of routes.
//
// One coroutine a connection on the I/O threads; handlers run on pools and may block. Order for
// each request: header (size and time limits), route, token, 100-continue, body, handler, answer.
// A body is never read for a request that its token does not allow. Hides Beast and OpenSSL.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/http/handler.h"
#include "server/http/proxy.h"

namespace tapiary::server {

struct ListenAddress {
  std::string address;     // "127.0.0.1", "::"
  std::uint16_t port = 0;  // 0: any; see HttpServer::ports()
  bool tls = true;         // false is refused for other than loopback addresses
};

struct HttpServerOptions {
  std::vector<ListenAddress> listen;
  std::string certificate_file;  // PEM chain
  std::string key_file;          // PEM
  int io_threads = 1;
  int handler_threads = 16;
  int max_connections = 1024;
  // Over TLS, and of other peers than trusted proxies; 0: no limit.
  int connections_per_address = 0;
  std::int64_t header_timeout_ns = 10'000'000'000;
  std::int64_t idle_timeout_ns =
      60'000'000'000;                        // keep-alive, and a body or reader without progress
  std::uint64_t min_body_bytes_per_s = 256;  // measured over 30 s; slower is ended (slowloris)
  TrustedProxies proxies{};
  // A body announced to be no longer is read before a handler thread is taken for it.
  std::uint64_t small_body_bytes = 256 * 1024;
  std::int64_t body_wait_ns = 5'000'000'000;  // for a handler thread, before 503
};

// What a request shows to prove who calls.
struct Credential {
  enum class Kind : std::uint8_t {
    kToken,    // Authorization: Bearer
    kSession,  // the cookie
    kUser,     // a user's name, said by a trusted proxy
  };
  Kind kind = Kind::kToken;
  std::string_view text;
};
// The identity behind what `peer` shows. kPermission: no such token (401). kTooLarge: this peer has
// failed too often and must wait (429).
using Authenticator =
    std::function<base::Result<Identity>(const Credential& credential, const std::string& peer)>;

// Counters for /metrics, summed by route and status.
struct HttpMetrics {
  struct Row {
    std::string route;  // its pattern, or "none"
    std::string method;
    int status = 0;
    std::uint64_t requests = 0;
  };
  std::vector<Row> rows;
  std::uint64_t connections_open = 0;
  std::uint64_t connections_refused = 0;  // of whichever limit
};

class HttpServer {
 public:
  HttpServer(HttpServerOptions options, std::vector<Route> routes, Authenticator authenticate);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  // Binds and starts threads. Errors name address and port, or the certificate file.
  base::Result<> Start();
  // Reads certificate and key anew, for connections that come from now on. After an error those of
  // before go on being used. Any thread.
  base::Result<> ReloadCertificate();
  // Stops accepting, ends idle connections, gives running handlers a second before what they wait
  // for is cut off, and returns when the last has ended.
  void Stop();
  [[nodiscard]] std::vector<std::uint16_t> ports() const;  // in the order of options.listen
  [[nodiscard]] HttpMetrics metrics() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::server
