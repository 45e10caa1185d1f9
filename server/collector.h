// Collector: catalog, vault, ingest, API and web page behind one HTTP server.
//
// Starts in the order of knowledge and stops in reverse. Start and Stop by one thread.
#pragma once

#include <memory>

#include "base/result.h"
#include "server/collector_config.h"

namespace tapiary::server {

class Collector {
 public:
  // Errors say which step failed. Tells the addresses and the certificate's fingerprint in the log.
  static base::Result<std::unique_ptr<Collector>> Start(const CollectorOptions& options);
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  // Running requests may finish within a second. Idempotent.
  void Stop();

 private:
  struct Impl;
  explicit Collector(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::server
