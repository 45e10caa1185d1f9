// CollectorClient: the collector's read API (docs/api.md) over HTTPS, for verbs.
//
// TLS is always verified, redirects and proxies are not followed, the token goes into a header and
// nowhere else (CO-08). An answer of 400 or more becomes an Error: kInvalid (exit 2) for what was
// asked wrongly, with a caret under the wrong part of a filter. What comes is escaped before it is
// shown. One thread at a time; each call blocks; the connection is kept between calls.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "cli/collector_options.h"

namespace tapiary::cli {

// Names and values, plain: the client encodes them. Empty values are left out.
using Parameters = std::vector<std::pair<std::string, std::string>>;

struct CollectorAnswer {
  int status = 0;
  std::string content_type{};
  std::string next{};             // path and query of the next page, from Link: <...>; rel="next"
  std::string fields_not_here{};  // Tapiary-Fields-Not-Here: what the table has not got
  bool partial = false;           // Tapiary-Partial: a time limit ended the query
  std::string disposition{};      // Content-Disposition as it came
  std::string live{};             // Tapiary-Live: where a live tail goes on
  bool live_more = false;         // Tapiary-Live-More: there is more now
  std::string body{};             // empty when it was streamed
  std::uint64_t bytes = 0;        // of the body
};

// Takes a part of a body; an error ends the transfer and is what the call returns.
using BodySink = std::function<base::Result<>(std::string_view part)>;

struct Transfer {
  BodySink sink{};
  // Called before the first part of the body, with the answer's status and headers.
  std::function<void(const CollectorAnswer& head)> head{};
  // Asked about once a second: true ends the call with an error.
  std::function<bool()> stopped{};
  std::int64_t stall_ns = 60'000'000'000;  // no byte for so long ends it
  bool to_file = false;  // the body does not go to standard output: a terminal there shows progress
};

class CollectorClient {
 public:
  // Completes `options` (collector_options.h), reads the token, checks the URL. No connection yet.
  static base::Result<std::unique_ptr<CollectorClient>> Open(CollectorOptions options);
  ~CollectorClient();

  // Path from "/api/v1/" on, segments already encoded with EncodeSegment where they are not ours.
  // A body above 64 MiB is kTooLarge.
  base::Result<CollectorAnswer> Get(const std::string& path, const Parameters& parameters = {});
  // The body goes to the sink or the descriptor as it comes. On a terminal, stderr shows how much
  // there is when it takes longer than 2 s.
  base::Result<CollectorAnswer> Stream(const std::string& path, const Parameters& parameters,
                                       const BodySink& sink);
  base::Result<CollectorAnswer> Stream(const std::string& path, const Parameters& parameters,
                                       const Transfer& transfer);
  base::Result<CollectorAnswer> Download(const std::string& path, const Parameters& parameters,
                                         int fd);
  // POST, PUT, PATCH, DELETE with a JSON body (may be empty).
  base::Result<CollectorAnswer> Send(const std::string& method, const std::string& path,
                                     const std::string& json);

  [[nodiscard]] const std::string& url() const;

 private:
  struct Impl;
  explicit CollectorClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

// Percent-encoding of everything but unreserved characters (RFC 3986).
std::string EncodeSegment(std::string_view text);
// What problem+json (RFC 9457) of this status says, as an Error for people. `filter` is the filter
// that was sent, or empty; a caret shows where it is wrong.
base::Error ExplainProblem(int status, std::string_view body, std::string_view filter);

}  // namespace tapiary::cli
