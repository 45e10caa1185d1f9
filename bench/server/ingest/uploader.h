// Uploader: many senders over libcurl's multi interface, each with one kept-open TLS connection of
// its own and one request at a time. Certificates are checked against the CA file, names are not:
// each sender calls the collector by another name, which is what keeps their connections apart. One
// thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "bench/server/ingest/items.h"

namespace tapiary::bench {

struct UploadAnswer {
  int status = 0;  // 0: no answer
  double seconds = 0;
  bool retry_after = false;  // the header was there
  std::string text;          // the body, or libcurl's error
};

class Uploader {
 public:
  using Done = std::function<void(const UploadAnswer& answer)>;
  // `url`: https://HOST:PORT, or http for a peer that has no TLS.
  Uploader(const std::string& url, const std::string& ca_file, std::size_t senders);
  ~Uploader();
  Uploader(const Uploader&) = delete;
  Uploader& operator=(const Uploader&) = delete;

  // The sender has no request under way. `authorization` is the header's value. `item` is kept
  // until it is done.
  void Send(std::size_t sender, const std::string& authorization, std::shared_ptr<const Item> item,
            Done done);
  // Works for up to `ms`; calls Done, which may Send again.
  void Poll(int ms);
  [[nodiscard]] std::size_t under_way() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::bench
