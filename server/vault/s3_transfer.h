// S3Transfer: one HTTP exchange with the object store, by libcurl, over kept connections.
//
// Any thread: each exchange takes a handle (with its connections) from a pool and gives it back.
// What the server sends is bounded in size and time. No redirects, no proxy, TLS always verified.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "server/vault/s3_signer.h"

namespace tapiary::server {

struct S3TransferOptions {
  std::string ca_file;  // PEM; empty: those of the system
  std::int64_t connect_timeout_ns = 5'000'000'000;
  std::int64_t stall_ns = 15'000'000'000;  // no byte for so long ends it
};

struct S3Call {
  std::string method;  // GET, HEAD, PUT, POST, DELETE
  std::string url;
  S3Fields headers;
  // The body: `text`, or `size` bytes of a file.
  std::string text;
  int fd = -1;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::size_t max_answer = 64 * 1024;  // a longer body of the answer is an error
};

struct S3Answer {
  int status = 0;
  std::string body;
  std::string content_length, content_range, etag, date, retry_after;  // headers, or ""
};

class S3Transfer {
 public:
  explicit S3Transfer(S3TransferOptions options);
  ~S3Transfer();
  // An answer of whatever status. kUnavailable: no whole answer; the same call may succeed later.
  // kInvalid: it will not (certificate, an option that libcurl refuses).
  base::Result<S3Answer> Perform(const S3Call& call);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::server
