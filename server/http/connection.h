// Connection: one client, served by one coroutine, request after request.
//
// What all connections share is in ServerContext; a connection registers itself there so that Stop
// can end it. Internal to http/.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <tuple>

#include "server/http/beast.h"
#include "server/http/router.h"
#include "server/http/server.h"

namespace tapiary::server {

// What Stop may do to a connection, from any thread while it is registered.
class LiveConnection {
 public:
  virtual ~LiveConnection() = default;
  virtual void Cancel() = 0;      // ends what it waits for
  std::atomic<bool> busy{false};  // a handler runs
};

struct ServerContext {
  ServerContext(HttpServerOptions server_options, std::vector<Route> routes, Authenticator auth)
      : options(std::move(server_options)),
        router(std::move(routes)),
        authenticate(std::move(auth)),
        pool(static_cast<std::size_t>(options.handler_threads)) {}

  void Count(const std::string& route, const std::string& method, int status);

  const HttpServerOptions options;
  const Router router;
  const Authenticator authenticate;
  asio::thread_pool pool;
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> refused{0};

  mutable std::mutex mutex;  // guards the two below
  std::map<std::tuple<std::string, std::string, int>, std::uint64_t> counts;
  std::set<LiveConnection*> live;
};

// Serves until the client, a limit or Stop ends it. `tls` is null for plain HTTP.
asio::awaitable<void> ServeConnection(ServerContext& context, tcp::socket socket,
                                      asio::ssl::context* tls);

}  // namespace tapiary::server
