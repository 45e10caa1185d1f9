// S3Client: signed requests to one bucket, repeated where that may help, errors in our words.
//
// Repeats connection errors, 5xx, 408, 429 and SlowDown with growing, jittered waits; all requests
// it is used for may be sent twice. Signs by the store's clock once that has refused ours. Any
// thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "server/vault/s3_transfer.h"
#include "server/vault/s3_vault.h"

namespace tapiary::server {

struct S3Request {
  std::string method;
  std::string key;  // in the bucket; empty: the bucket itself
  S3Fields query;
  S3Fields headers;
  std::string text;  // body, or:
  int fd = -1;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::string payload_hash;  // SHA-256 in hex; empty: made here from `text`
  std::size_t max_answer = 64 * 1024;
  bool once = false;  // no repetition
};

// The time of the store, to the second, where the answer tells one between 1970 and 2100.
std::optional<std::int64_t> S3StoreTime(const S3Answer& answer);

class S3Client {
 public:
  explicit S3Client(const S3Options& options);
  // A 2xx answer, or the error. kNotFound: no such key (or upload); kUnavailable: the store is not
  // there, has no room, or is not the one meant (bucket, region); kPermission: keys, signature or
  // clock. The text says what to do.
  base::Result<S3Answer> Send(const S3Request& request);
  // The same, any status but those that were repeated in vain.
  base::Result<S3Answer> SendRaw(const S3Request& request);
  // The error for an answer that is not 2xx.
  [[nodiscard]] base::Error ErrorFor(const S3Request& request, const S3Answer& answer) const;

 private:
  [[nodiscard]] S3Call MakeCall(const S3Request& request) const;
  // True when the store refused our clock and is now signed for by its own.
  bool TakeClock(const S3Answer& answer);

  S3Options options_;
  std::string scheme_;
  std::string host_;  // with port
  S3Transfer transfer_;
  std::atomic<std::int64_t> ahead_ns_{0};  // of the store's clock, as far as it matters
};

}  // namespace tapiary::server
