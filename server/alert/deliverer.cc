#include "server/alert/deliverer.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "server/alert/hpfeeds.h"
#include "server/alert/message.h"
#include "server/alert/syslog.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kPollNs = 500 * base::kNanosPerMilli;  // for what other collectors raised
constexpr std::int64_t kLongestRestNs = 30 * base::kNanosPerSecond;
constexpr std::int64_t kStreamBatch = 50;

std::string HostName() {
  std::array<char, 256> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

AlertSender SyslogSender(const AlertTarget& target) {
  const SyslogStyle style{target.facility, target.cef, HostName()};
  return [target, style](const std::vector<Delivery>& deliveries, const std::atomic<bool>& stop) {
    std::vector<std::string> messages;
    for (const Delivery& one : deliveries) messages.push_back(SyslogMessage(one.alert, style));
    return SendSyslog(target, ResolveAddresses, {}, messages, stop);
  };
}

AlertSender WebhookSender(const AlertTarget& target, const AddressGuard& guard) {
  return [target, guard](const std::vector<Delivery>& deliveries,
                         const std::atomic<bool>& stop) -> std::optional<SendFailure> {
    for (const Delivery& one : deliveries) {
      auto failure = PostWebhook(target, guard, ResolveAddresses, {}, one.id,
                                 WebhookBody(one.alert, one.id), stop);
      if (failure) return failure;
    }
    return std::nullopt;
  };
}

AlertSender HpfeedsSender(const AlertTarget& target) {
  return [target](const std::vector<Delivery>& deliveries, const std::atomic<bool>& stop) {
    std::vector<std::string> payloads;
    for (const Delivery& one : deliveries) payloads.push_back(WebhookBody(one.alert, one.id));
    return PublishHpfeeds(target, ResolveAddresses, {}, payloads, stop);
  };
}

}  // namespace

AlertSender MakeSender(const AlertTarget& target, const AddressGuard& guard) {
  if (target.kind == TargetKind::kWebhook) return WebhookSender(target, guard);
  return IsHpfeeds(target.kind) ? HpfeedsSender(target) : SyslogSender(target);
}

std::int64_t BatchSize(const AlertTarget& target) {
  return target.kind == TargetKind::kWebhook ? 1 : kStreamBatch;
}

DeliveryRound::DeliveryRound(Catalog& catalog, const AlertTarget& target, AlertSender sender)
    : catalog_(catalog),
      target_(target.name),
      batch_(BatchSize(target)),
      sender_(std::move(sender)) {}

void DeliveryRound::Tell(const base::Result<>& marked) {
  if (!marked) base::LogWarning("alerts to {}: {}", target_, marked.error().message);
}

std::int64_t DeliveryRound::Failed(const std::vector<Delivery>& deliveries,
                                   const SendFailure& failure, std::int64_t now_ns) {
  if (++failures_ == 1 || failures_ % 20 == 0) {
    base::LogWarning("alerts to {}: {} ({} failures)", target_, failure.reason, failures_);
  }
  for (const Delivery& one : deliveries) {
    const std::int64_t wait_ns =
        std::max(RetryWait(one.attempts + 1), failure.retry_after_ns.value_or(0));
    Tell(MarkFailed(catalog_, one, failure.reason, wait_ns, now_ns));
  }
  return std::min(RetryWait(failures_), kLongestRestNs);
}

std::int64_t DeliveryRound::Run(std::int64_t now_ns, const std::atomic<bool>& stop) {
  const auto claimed = ClaimDeliveries(catalog_, target_, now_ns, batch_);
  if (!claimed) {
    Tell(claimed.error());
    return base::kNanosPerSecond;
  }
  if (claimed->empty()) return kPollNs;
  const auto failure = sender_(*claimed, stop);
  if (failure && stop) {  // it was not given the time it needs
    Tell(Release(catalog_, *claimed, base::WallNow()));
    return 0;
  }
  if (failure) return Failed(*claimed, *failure, base::WallNow());
  if (failures_ > 0) base::LogInfo("alerts to {}: delivered again", target_);
  failures_ = 0;
  Tell(MarkSent(catalog_, *claimed, base::WallNow()));
  return 0;
}

struct Deliverer::Impl {
  Impl(Catalog& catalog, const AlertTarget& target, AlertSender sender)
      : round(catalog, target, std::move(sender)), thread([this] { Loop(); }) {
    pthread_setname_np(thread.native_handle(), "alert-send");
  }
  void Loop() {
    std::unique_lock lock(mutex);
    while (!stop) {
      lock.unlock();
      const std::int64_t wait_ns = round.Run(base::WallNow(), stop);
      lock.lock();
      const bool resting = wait_ns != kPollNs;  // after a failure nothing wakes it
      changed.wait_for(lock, std::chrono::nanoseconds(wait_ns),
                       [&] { return stop || (woken && !resting); });
      woken = false;
    }
  }

  DeliveryRound round;
  std::mutex mutex;
  std::condition_variable changed;
  std::atomic<bool> stop{false};  // set with mutex held
  bool woken = false;             // guarded by mutex
  std::thread thread;             // last: it uses all above
};

Deliverer::Deliverer(Catalog& catalog, const AlertTarget& target, AlertSender sender)
    : impl_(std::make_unique<Impl>(catalog, target, std::move(sender))) {}

Deliverer::~Deliverer() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->changed.notify_all();
  impl_->thread.join();
}

void Deliverer::Wake() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->woken = true;
  }
  impl_->changed.notify_all();
}

}  // namespace tapiary::server
