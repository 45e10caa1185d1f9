#include "server/alert/alerts.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "server/alert/alert_routes.h"
#include "server/alert/conditions.h"
#include "server/alert/deliverer.h"
#include "server/alert/evaluator.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kTickNs = 100 * base::kNanosPerMilli;
constexpr std::int64_t kConditionsNs = 2 * base::kNanosPerSecond;
constexpr std::int64_t kPruneNs = 60 * base::kNanosPerSecond;
constexpr std::int64_t kTroubleRestNs = base::kNanosPerSecond;

std::vector<Recipient> RecipientsOf(const AlertOptions& options) {
  std::vector<Recipient> recipients;
  for (const AlertTarget& target : options.targets) {
    recipients.push_back({target.name, target.least});
  }
  return recipients;
}

}  // namespace

struct Alerts::Impl {
  Impl(Catalog& its_catalog, const AlertOptions& its_options, AddressGuard its_guard)
      : catalog(its_catalog),
        options(its_options),
        guard(std::move(its_guard)),
        evaluator(catalog, RecipientsOf(options), CollectorRun()),
        conditions(catalog, RecipientsOf(options)) {}
  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stop = true;
    }
    changed.notify_all();
    if (thread.joinable()) thread.join();
  }

  void Loop();
  std::int64_t Tick();
  base::Result<std::int64_t> Judge(bool* more);
  base::Result<> Prune();

  Catalog& catalog;
  const AlertOptions options;
  const AddressGuard guard;
  Evaluator evaluator;
  Conditions conditions;
  std::vector<std::unique_ptr<Deliverer>> deliverers;
  std::atomic<bool> stopping{false};  // for the API's streams

  // The thread's own.
  std::int64_t next_conditions_ns = 0;  // steady clock
  std::int64_t next_prune_ns = 0;
  base::RateLimit trouble_log{10 * base::kNanosPerSecond};

  std::mutex mutex;
  std::condition_variable changed;
  bool stop = false;  // guarded by mutex
  std::thread thread;
};

base::Result<std::int64_t> Alerts::Impl::Judge(bool* more) {
  TAPIARY_ASSIGN(const PassReport report, evaluator.Pass(base::WallNow()));
  *more = report.work > 0;
  std::int64_t made = report.alerts;
  const std::int64_t now_ns = base::SteadyNow();
  if (now_ns < next_conditions_ns) return made;
  next_conditions_ns = now_ns + kConditionsNs;
  TAPIARY_ASSIGN(const auto rules, ListRules(catalog));
  TAPIARY_ASSIGN(const std::int64_t some, conditions.Pass(rules, base::WallNow()));
  return made + some;
}

base::Result<> Alerts::Impl::Prune() {
  const std::int64_t now_ns = base::SteadyNow();
  if (now_ns < next_prune_ns) return {};
  next_prune_ns = now_ns + kPruneNs;
  const std::int64_t wall_ns = base::WallNow();
  TAPIARY_TRY(PruneAlerts(catalog, wall_ns - options.keep_ns, wall_ns));
  return PruneOutbox(catalog, wall_ns);
}

// How long to wait before the next one.
std::int64_t Alerts::Impl::Tick() {
  bool more = false;
  const auto made = Judge(&more);
  if (made && *made > 0) {
    for (const auto& deliverer : deliverers) deliverer->Wake();
  }
  base::Result<> done;
  if (made) {
    done = Prune();
  } else {
    done = made.error();
  }
  if (done) return more ? 0 : kTickNs;
  std::uint64_t suppressed = 0;
  if (trouble_log.Allow(&suppressed)) {
    base::LogWarning("alerts: {} ({} more before)", done.error().message, suppressed);
  }
  return kTroubleRestNs;
}

void Alerts::Impl::Loop() {
  std::unique_lock lock(mutex);
  while (!stop) {
    lock.unlock();
    const std::int64_t wait_ns = Tick();
    lock.lock();
    changed.wait_for(lock, std::chrono::nanoseconds(wait_ns), [this] { return stop; });
  }
}

base::Result<std::unique_ptr<Alerts>> Alerts::Start(Catalog& catalog, const AlertOptions& options) {
  TAPIARY_ASSIGN(const AddressGuard guard, AddressGuard::Make(options.allow));
  auto impl = std::make_unique<Impl>(catalog, options, guard);
  for (const AlertTarget& target : options.targets) {
    impl->deliverers.push_back(
        std::make_unique<Deliverer>(catalog, target, MakeSender(target, guard)));
    base::LogInfo("alerts: to {} ({})", target.name, ToString(target.kind));
  }
  Impl* const raw = impl.get();  // it joins the thread before it goes
  impl->thread = std::thread([raw] { raw->Loop(); });
  pthread_setname_np(impl->thread.native_handle(), "alert-judge");
  return std::unique_ptr<Alerts>(new Alerts(std::move(impl)));
}

Alerts::Alerts(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Alerts::~Alerts() = default;

std::vector<Route> Alerts::Routes() {
  const auto make_sender = [guard = impl_->guard](const AlertTarget& target) {
    return MakeSender(target, guard);
  };
  return AlertRoutes({impl_->catalog, impl_->options.targets, make_sender, impl_->stopping});
}

void Alerts::RequestStop() {
  impl_->stopping = true;
}

}  // namespace tapiary::server
