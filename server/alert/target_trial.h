// TargetTrials: a test message to a target, sent at once and by what sends alerts to it, so that
// who sets up a receiver sees whether it arrives, and if not, why.
//
// Nothing is queued and nothing is an alert: the message has the number 0, and so has its alert.
// Few at a time, and seldom to the same target: nobody makes the collector shout at others. The
// audit has each before it is sent. Any thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/clock.h"
#include "server/alert/deliverer.h"
#include "server/alert/target.h"
#include "server/catalog/audit_row.h"
#include "server/catalog/catalog.h"
#include "server/http/handler.h"

namespace tapiary::server {

using SenderMaker = std::function<AlertSender(const AlertTarget&)>;

class TargetTrials {
 public:
  static constexpr std::int64_t kPauseNs = 10 * base::kNanosPerSecond;  // a target
  static constexpr int kAtOnce = 2;

  // Catalog and flag must outlive it; the flag ends what is under way.
  TargetTrials(Catalog& catalog, std::vector<AlertTarget> targets, SenderMaker make_sender,
               const std::atomic<bool>& stopping);
  // {"target", "state": "sent" or "failed", "trouble", "seconds"}; 404, 429.
  Response Run(const Request& request, std::int64_t steady_ns);

 private:
  class Turn;
  base::Result<std::string> Send(const AlertTarget& target, const Actor& by);

  Catalog& catalog_;
  const std::vector<AlertTarget> targets_;
  const SenderMaker make_sender_;
  const std::atomic<bool>& stopping_;
  std::mutex mutex_;
  int running_ = 0;                           // guarded by mutex_
  std::map<std::string, std::int64_t> next_;  // guarded by mutex_: when each target's is allowed
};

}  // namespace tapiary::server
