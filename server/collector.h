// Collector: catalog, vault, ingest, API and web page behind one HTTP server.
//
// Starts in the order of knowledge and stops in reverse. Start and Stop by one thread.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "server/collector_config.h"
#include "server/http/handler.h"

namespace tapiary::server {

class Collector {
 public:
  // Errors say which step failed. Tells the addresses and the certificate's fingerprint in the log.
  static base::Result<std::unique_ptr<Collector>> Start(const CollectorOptions& options);
  ~Collector();
  Collector(const Collector&) = delete;
  Collector& operator=(const Collector&) = delete;

  // After a new certificate was put in place of the old one, or the own one is near its end. What
  // was in use stays so when there is an error.
  base::Result<> ReloadCertificate();
  // Says in the log what wants attention soon: the certificate's end. Once a day.
  void Remind();
  // Running requests may finish within a second. Idempotent.
  void Stop();

  // Every route that is served, for what documents and guards them.
  struct RouteName {
    std::string method;
    std::string pattern;
    Scope scope = Scope::kAdmin;
  };
  [[nodiscard]] const std::vector<RouteName>& routes() const;

 private:
  struct Impl;
  explicit Collector(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::server
