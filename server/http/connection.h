// Connection: one client, served by one coroutine, request after request.
//
// What all connections share is in ServerContext; a connection registers itself there so that Stop
// can end it. Internal to http/.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
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

// Admission and public handlers have these threads for themselves: neither a caller without a token
// nor the slow uploads of one with a token keep others from being admitted.
inline constexpr std::size_t kFrontThreads = 4;

struct ServerContext {
  ServerContext(HttpServerOptions server_options, std::vector<Route> routes, Authenticator auth)
      : options(std::move(server_options)),
        router(std::move(routes)),
        authenticate(std::move(auth)),
        front_pool(kFrontThreads),
        pool(static_cast<std::size_t>(options.handler_threads)) {}

  void Count(const std::string& route, const std::string& method, int status);

  const HttpServerOptions options;
  const Router router;
  const Authenticator authenticate;
  asio::thread_pool front_pool;  // Admit, and handlers of Scope::kPublic
  asio::thread_pool pool;        // all other handlers
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> refused{0};

  mutable std::mutex mutex;  // guards all below
  std::map<std::tuple<std::string, std::string, int>, std::uint64_t> counts;
  std::set<LiveConnection*> live;
  int bodies = 0;                                // BodySlots taken
  std::map<std::int64_t, int> bodies_by_caller;  // the same by Identity::key(); no entry for none
};

// A place among the handlers that take a body, which the sender's pace holds up: all callers have
// three quarters of the handler threads, one a quarter. Given back at its end.
class BodySlot {
 public:
  BodySlot(ServerContext& context, std::int64_t caller);
  ~BodySlot();
  BodySlot(const BodySlot&) = delete;
  BodySlot& operator=(const BodySlot&) = delete;
  // Set when there was no place: the answer, 429 or 503.
  std::optional<Response> refusal;

 private:
  ServerContext& context_;
  const std::int64_t caller_;
};

// Serves until the client, a limit or Stop ends it. `tls` is null for plain HTTP.
// It is shared with connections that began before a newer certificate was loaded.
asio::awaitable<void> ServeConnection(ServerContext& context, tcp::socket socket,
                                      std::shared_ptr<asio::ssl::context> tls);

}  // namespace tapiary::server
