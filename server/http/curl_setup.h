// What every client of ours that uses libcurl sets the same way: TLS that is always verified, no
// redirects, no proxy from the environment, bounded waiting.
//
// Included by sources that are libcurl clients themselves (vault/s3_transfer.cc,
// cli/collector_client.cc), never by headers: libcurl's types stay out of those. The sensor's
// client (uplink/http_client.cc) has its own, since uplink knows no server. One handle, one thread.
#pragma once

#include <curl/curl.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tapiary::server {

struct FreeCurlEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
using CurlEasy = std::unique_ptr<CURL, FreeCurlEasy>;

struct FreeCurlList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
using CurlList = std::unique_ptr<curl_slist, FreeCurlList>;

// Header names and values.
using CurlFields = std::vector<std::pair<std::string, std::string>>;

// Initialises libcurl, once for the process.
void InitCurl();
// The headers as a list, with "Expect:" taken out (never wait for a 100, UP-02). nullptr: no
// memory.
CurlList MakeCurlHeaders(const CurlFields& fields);

// Sets options one by one and remembers the first that libcurl refused: it may be the one that
// checks certificates (UP-07).
class CurlSetter {
 public:
  explicit CurlSetter(CURL* easy) : easy_(easy) {}
  template <class Value>
  void operator()(CURLoption option, Value value, const char* name) {
    if (failed_ == nullptr && curl_easy_setopt(easy_, option, value) != CURLE_OK) failed_ = name;
  }
  [[nodiscard]] base::Result<> result() const;

 private:
  CURL* easy_;
  const char* failed_ = nullptr;
};

// With a CurlSetter named `set` in scope.
#define TAPIARY_SET(option, value) set(option, value, #option)

struct CurlConnection {
  const char* protocols = "https";  // "http,https"
  const std::string& ca_file;       // PEM; empty: the system's
  std::int64_t connect_timeout_ns = 10'000'000'000;
  std::int64_t stall_ns = 60'000'000'000;  // no byte for so long ends it
};
// Lives no longer than the call; the strings are copied by libcurl.
base::Result<> SetCurlConnection(CURL* easy, const CurlConnection& connection);

}  // namespace tapiary::server
