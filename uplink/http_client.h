// HttpClient: PUT requests to one collector, over TLS, through libcurl. Internal to the forwarder;
// http_client.cc is the only file that knows libcurl.
//
// Always TLS 1.2 or newer with the certificate checked; no redirect is followed, no proxy is taken
// from the environment, and the token goes to the collector alone. A few requests may be under way
// at once, one per lane, on kept-open connections. Not thread-safe, except Wake.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace tapiary::uplink {

struct HttpOptions {
  std::string url;               // "https://collector.example:8443"; a path in it is a prefix
  std::string ca_file;           // PEM; empty: the system's
  std::string proxy;             // empty: none, whatever the environment says
  std::int64_t bytes_per_s = 0;  // limit of all lanes together; 0: none
  std::int64_t connect_timeout_ns = 10 * base::kNanosPerSecond;
  std::int64_t stall_ns = 60 * base::kNanosPerSecond;  // no progress for so long: failed (UP-05)
  std::int64_t max_connection_age_ns = 300 * base::kNanosPerSecond;  // then resolve again (UP-06)
};

// Where the connection goes: host and port of the proxy when there is one, else of the URL.
struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};
base::Result<HostPort> UplinkHost(const HttpOptions& options);

struct Answer {
  int status = 0;            // 0: there was no answer; see error
  std::string error;         // in libcurl's words
  bool certificate = false;  // ... because of the collector's certificate
  std::string detail;        // beginning of the answer's body (untrusted)
  std::string retry_after;   // headers, as they came
  std::string date;
  std::string segment_age;  // Tapiary-Segment-Age: docs/formats/wire.md
};

class HttpClient {
 public:
  static constexpr std::size_t kLanes = 2;

  // kInvalid for a URL that is not https, or options that libcurl does not take.
  static base::Result<std::unique_ptr<HttpClient>> Make(const HttpOptions& options);
  ~HttpClient();

  void set_token(std::string token);

  [[nodiscard]] bool Busy(std::size_t lane) const;
  // Begins a PUT on a lane that is not busy. `path` begins with '/'. After a failure pass
  // `fresh`: a new connection to a newly resolved address.
  base::Result<> Start(std::size_t lane, const std::string& path, std::string body, bool fresh);
  void Cancel(std::size_t lane);

  struct Done {
    std::size_t lane = 0;
    Answer answer;
  };
  // Works for up to `wait_ns`, less when a request ends or Wake is called.
  std::vector<Done> Poll(std::int64_t wait_ns);
  void Wake();

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::uplink
