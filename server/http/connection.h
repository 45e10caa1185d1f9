// Connection: one client, served by one coroutine, request after request.
//
// What all connections share is in ServerContext; a connection registers itself there so that Stop
// can end it. Internal to http/.
#pragma once

#include <algorithm>
#include <atomic>
#include <climits>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <tuple>

#include "base/clock.h"
#include "server/http/beast.h"
#include "server/http/body_places.h"
#include "server/http/peer_connections.h"
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
        peers(options.connections_per_address),
        front_pool(kFrontThreads),
        pool(static_cast<std::size_t>(options.handler_threads)),
        streamed(PlacesFor(options, 2)),
        ready(PlacesFor(options, 4)),
        reads(ReadPlacesFor(options)),
        pulls(PullPlacesFor(options)) {}

  // `part` of the handler threads for all callers, a quarter of these for one of them.
  static BodyPlaces::Options PlacesFor(const HttpServerOptions& options, int part) {
    const int places = std::max(1, options.handler_threads / part);
    return {places, std::max(1, options.handler_threads / 4), options.body_wait_ns};
  }

  // One caller may also wait: a page asks for much at once.
  static BodyPlaces::Options ReadPlacesFor(const HttpServerOptions& options) {
    return {std::max(1, options.handler_threads / 8), std::max(2, options.handler_threads / 2),
            options.body_wait_ns};
  }
  // An answer that has begun waits for its turn, whatever it takes.
  static BodyPlaces::Options PullPlacesFor(const HttpServerOptions& options) {
    constexpr std::int64_t kNoLimitNs = base::kNanosPerDay;
    return {std::max(1, options.handler_threads / 4), INT_MAX, kNoLimitNs};
  }

  void Count(const std::string& route, const std::string& method, int status);

  const HttpServerOptions options;
  const Router router;
  const Authenticator authenticate;
  PeerConnections peers;
  asio::thread_pool front_pool;  // Admit, and handlers of Scope::kPublic
  asio::thread_pool pool;        // all other handlers
  // Bodies that their senders' pace holds up have half of the handlers, those that are here already
  // a quarter; requests without a body an eighth, and streamed answers a quarter: however much
  // somebody asks, and however long the catalog takes for it, who sends finds a handler (HP-04).
  BodyPlaces streamed;
  BodyPlaces ready;
  BodyPlaces reads;
  BodyPlaces pulls;
  std::atomic<std::uint64_t> body_memory{0};  // of BodyMemory
  std::atomic<bool> stopping{false};
  std::atomic<std::uint64_t> open{0};
  std::atomic<std::uint64_t> refused{0};  // there were too many
  std::atomic<std::uint64_t> crowded{0};  // refused since their address has too many

  mutable std::mutex mutex;  // guards all below
  std::map<std::tuple<std::string, std::string, int>, std::uint64_t> counts;
  std::set<LiveConnection*> live;
};

// Memory for bodies that are read before their handler runs. Given back at its end.
class BodyMemory {
 public:
  BodyMemory(ServerContext& context, std::uint64_t bytes);
  ~BodyMemory();
  BodyMemory(const BodyMemory&) = delete;
  BodyMemory& operator=(const BodyMemory&) = delete;
  [[nodiscard]] bool granted() const { return granted_; }

 private:
  ServerContext& context_;
  const std::uint64_t bytes_;
  bool granted_;
};

// Serves until the client, a limit or Stop ends it. `tls` is null for plain HTTP.
// It is shared with connections that began before a newer certificate was loaded. `place` is kept
// until the end.
asio::awaitable<void> ServeConnection(ServerContext& context, tcp::socket socket,
                                      std::shared_ptr<asio::ssl::context> tls,
                                      std::shared_ptr<void> place);

}  // namespace tapiary::server
