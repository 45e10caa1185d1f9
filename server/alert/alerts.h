// Alerts: rules judged, alerts raised and sent, as one part of the collector.
//
// One thread judges (what came, ten times a second; conditions, every two seconds), one thread a
// target sends. All state is in the catalog: collectors of one database share the work. Start and
// Stop by the collector's thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "server/alert/target.h"
#include "server/catalog/catalog.h"
#include "server/http/handler.h"

namespace tapiary::server {

struct AlertOptions {
  std::vector<AlertTarget> targets;
  std::vector<std::string> allow;  // networks that webhooks may call though they are not public
  std::int64_t keep_ns = 90 * base::kNanosPerDay;
};

class Alerts {
 public:
  // kInvalid for a network in `allow` that is none. The catalog must outlive it.
  static base::Result<std::unique_ptr<Alerts>> Start(Catalog& catalog, const AlertOptions& options);
  ~Alerts();
  Alerts(const Alerts&) = delete;
  Alerts& operator=(const Alerts&) = delete;

  // The routes must not outlive this object.
  std::vector<Route> Routes();
  // Ends streams of the API; call it before the HTTP server is stopped. Any thread.
  void RequestStop();

 private:
  struct Impl;
  explicit Alerts(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::server
