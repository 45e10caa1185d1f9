// Handlers: what the collector does with a request, apart from how HTTP carries it.
//
// A handler is a plain function that runs on a thread of the server's pool and may block on disk or
// database. It pulls the request's body and gives a body to pull from, so memory stays bounded both
// ways and a slow peer holds back only itself. The transport (Beast, TLS, time-outs, limits) is in
// server.h; handlers never see it. Authentication comes first: a request without the route's scope
// is answered before one byte of its body is read.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tapiary::server {

// Who may call a route. kSensor tokens reach kSensor routes only, and nothing else reaches those.
// People come in three roles, each of which may do what the one before it may: a viewer searches
// and downloads, an analyst also writes (pins, rules, cases), an administrator also manages users,
// tokens and retention.
enum class Scope : std::uint8_t { kPublic, kSensor, kViewer, kAnalyst, kAdmin };

// Who calls, proven by a token, a session's cookie or a trusted proxy.
struct Identity {
  Scope scope = Scope::kPublic;
  std::int64_t token_id = 0;  // 0: without a token
  std::string token_name{};
  std::int64_t sensor_id = 0;  // kSensor only
  std::string sensor_name{};   // kSensor only; comes from the token, never from the request
  std::int64_t user_id = 0;    // 0: a token that belongs to nobody
  std::string user_name{};
  std::int64_t session_id = 0;  // 0: without a session
  std::int64_t expires_ns = 0;  // of the session, or the token's; 0: never
  bool must_change = false;     // may do nothing but change the password
  // One caller's, for limits by caller: tokens and sessions do not share.
  [[nodiscard]] std::int64_t key() const { return session_id != 0 ? -session_id : token_id; }
};
// For the audit and the log: "ann", "token 7 (ci)", "ann by token 7 (ci)", or a sensor's name.
std::string ActorOf(const Identity& identity);

struct Request {
  std::string method;                              // GET, PUT, POST, DELETE, HEAD
  std::string path;                                // decoded once, without query
  std::map<std::string, std::string> query;        // decoded; the last of equal names
  std::map<std::string, std::string> headers;      // names in lower case; the last of equal names
  std::map<std::string, std::string> path_params;  // from the route's {name} parts
  std::optional<std::uint64_t> content_length;
  std::vector<std::string> repeated;  // names of headers that came more than once
  std::string peer;  // address of the client: the socket's other end, or what a trusted proxy says
  Identity identity;
  // Value of a header (lower-case name), or "".
  [[nodiscard]] std::string_view Header(const std::string& name) const;
};

// Pulls a body. Returns the number of bytes put into `buffer`; 0 is its end. Blocks.
class BodySource {
 public:
  virtual ~BodySource() = default;
  virtual base::Result<std::size_t> Read(std::span<char> buffer) = 0;
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;                    // used when `stream` is empty
  std::unique_ptr<BodySource> stream;  // sent chunked; an error in the middle breaks the connection
  bool waits = false;  // the stream mostly sleeps until there is something, and its kind are few
};

using Handler = std::function<Response(const Request& request, BodySource& body)>;

// What an admitted request holds until it is answered (one of its sensor's uploads, say), or why it
// is not admitted.
struct Pass {
  std::shared_ptr<void> hold;  // shared by copies of the pass; the last one frees it
  std::optional<Response> refusal;
};

struct Route {
  std::string method;
  std::string pattern;  // "/api/v1/ingest/segments/{epoch}/{seq}"; {name} matches one path segment
  Scope scope = Scope::kAdmin;
  Handler handler;
  std::uint64_t max_body_bytes = 0;  // a longer body is 413; 0: no body allowed
  // Of a public route: works long, so not on the threads that admit everybody else.
  bool slow = false;
  // Also for who has to change the password first.
  bool with_old_password = false;
  // Asked when the caller is known and before its body is read or asked for; may be empty.
  std::function<Pass(const Request& request)> admit = {};
};

// Answers.
Response JsonResponse(int status, std::string json);
// RFC 9457 problem+json. `detail` says what is wrong and what to do; text from outside is escaped.
Response Problem(int status, std::string_view title, std::string_view detail);
// The problem that fits an error's code: kInvalid 400, kPermission 403, kNotFound 404, kConflict
// 409, kTooLarge 413, kCorrupt 422, kUnavailable 503 with Retry-After, others 500 (detail in the
// log only).
Response ProblemFor(const base::Error& error);
// Reads the whole body; kTooLarge beyond max_bytes.
base::Result<std::string> ReadBody(BodySource& body, std::size_t max_bytes);

}  // namespace tapiary::server
