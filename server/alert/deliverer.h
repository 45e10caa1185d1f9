// Deliverer: one thread that sends a target's messages and tries again what failed.
//
// Each target has its own, so a dead receiver holds up nobody else's messages. After a failure the
// target rests for a while, which grows; a message that alone is refused moves behind the others.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "server/alert/address_guard.h"
#include "server/alert/outbox.h"
#include "server/alert/target.h"
#include "server/alert/webhook.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

// Sends to one target, all of them or none.
using AlertSender = std::function<std::optional<SendFailure>(
    const std::vector<Delivery>& deliveries, const std::atomic<bool>& stop)>;
AlertSender MakeSender(const AlertTarget& target, const AddressGuard& guard);
// Webhooks take one message a time.
std::int64_t BatchSize(const AlertTarget& target);

// One round: what is due, sent and marked. How long to wait before the next one; 0: there may be
// more at once.
class DeliveryRound {
 public:
  // The catalog must outlive it.
  DeliveryRound(Catalog& catalog, const AlertTarget& target, AlertSender sender);
  std::int64_t Run(std::int64_t now_ns, const std::atomic<bool>& stop);

 private:
  std::int64_t Failed(const std::vector<Delivery>& deliveries, const SendFailure& failure,
                      std::int64_t now_ns);
  void Tell(const base::Result<>& marked);

  Catalog& catalog_;
  const std::string target_;
  const std::int64_t batch_;
  const AlertSender sender_;
  std::int64_t failures_ = 0;  // in a row
};

class Deliverer {
 public:
  Deliverer(Catalog& catalog, const AlertTarget& target, AlertSender sender);
  ~Deliverer();  // ends what is under way; its message stays
  Deliverer(const Deliverer&) = delete;
  Deliverer& operator=(const Deliverer&) = delete;
  void Wake();  // there may be something to send

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::server
