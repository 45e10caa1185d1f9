#include "server/retention/retention.h"

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <utility>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "server/retention/disk.h"
#include "server/retention/lease.h"
#include "server/retention/plan.h"
#include "server/retention/purge.h"

namespace tapiary::server {
namespace {

constexpr std::string_view kLease = "retention";
constexpr std::int64_t kLeaseNs = 300 * base::kNanosPerSecond;
constexpr std::int64_t kLookAtDiskNs = 5 * base::kNanosPerSecond;
constexpr std::int64_t kSparedAgainNs = base::kNanosPerDay;

// What is missing on the disks, and a quarter more, so that it is not nearly full again at once.
struct Shortage {
  std::int64_t vault = 0;
  std::int64_t catalog = 0;
  bool one_disk = false;
  std::int64_t catalog_free = INT64_MAX;
  [[nodiscard]] bool any() const { return vault > 0 || catalog > 0; }
};

std::int64_t MissingOn(const DiskRoom& room, std::int64_t min_free) {
  return room.free_bytes >= min_free ? 0 : min_free - room.free_bytes + min_free / 4;
}

}  // namespace

struct Retention::Impl {
  Impl(Catalog& its_catalog, Vault& its_vault, RetentionOptions its_options)
      : catalog(its_catalog),
        vault(its_vault),
        options(std::move(its_options)),
        reserve(options.catalog_folder + "/catalog.reserve") {}

  Catalog& catalog;
  Vault& vault;
  const RetentionOptions options;
  const std::string holder = MakeLeaseHolder();
  DiskReserve reserve;
  std::int64_t spared_again_ns = 0;
  base::RateLimit short_log{600 * base::kNanosPerSecond};
  base::RateLimit error_log{60 * base::kNanosPerSecond};

  std::atomic<bool> stop{false};
  std::mutex mutex{};
  std::condition_variable changed{};  // with mutex: stop was set
  std::thread thread{};

  [[nodiscard]] Shortage LookAtDisks() const;
  void PrepareForShortage(const Shortage& shortage);
  base::Result<SpaceNeeded> Needed(const Shortage& shortage,
                                   std::span<const StoredHour> stored) const;
  base::Result<> Purges(std::int64_t now_ns, const Shortage& shortage, RetentionReport* report);
  base::Result<RetentionReport> RunOnce(std::int64_t now_ns);
  void Run();
  void Note(const base::Result<>& result);
};

Shortage Retention::Impl::LookAtDisks() const {
  Shortage shortage;
  const std::int64_t min_free = options.policy.min_free_bytes;
  if (min_free == 0) return shortage;
  base::Result<DiskRoom> vault_room = DiskRoom{};
  if (!options.vault_folder.empty()) {
    vault_room = RoomOf(options.vault_folder);
    if (vault_room) shortage.vault = MissingOn(*vault_room, min_free);
  }
  if (options.catalog_folder.empty()) return shortage;
  const auto room = RoomOf(options.catalog_folder);
  if (!room) return shortage;
  shortage.catalog = MissingOn(*room, min_free);
  shortage.catalog_free = room->free_bytes;
  shortage.one_disk =
      !options.vault_folder.empty() && vault_room && vault_room->device == room->device;
  return shortage;
}

void Retention::Impl::PrepareForShortage(const Shortage& shortage) {
  std::uint64_t suppressed = 0;
  if (short_log.Allow(&suppressed)) {
    base::LogWarning("retention: less than {} are free on the disk: the oldest data goes",
                     base::FormatSize(static_cast<std::uint64_t>(options.policy.min_free_bytes)));
  }
  if (shortage.catalog_free < DiskReserve::kBytes && reserve.GiveUp()) {
    base::LogWarning("retention: the disk is full; {} was given up", reserve.path());
  }
}

// Rows that are removed leave room inside SQLite's file, which counts: it does not become smaller.
base::Result<SpaceNeeded> Retention::Impl::Needed(const Shortage& shortage,
                                                  std::span<const StoredHour> stored) const {
  SpaceNeeded needed;
  needed.packets = shortage.vault;
  if (shortage.catalog == 0) return needed;
  std::int64_t packets = 0;
  for (const StoredHour& hour : stored) {
    if (hour.kind == DataKind::kPackets && !hour.spared) packets += hour.amount.bytes;
  }
  needed.rows = shortage.catalog - (shortage.one_disk ? packets : 0);
  if (needed.rows <= 0) return needed;
  std::int64_t pages = 0;
  std::int64_t page_bytes = 0;
  const auto number = [](std::int64_t* out) {
    return [out](const SqlRow& row) {
      *out = row.Int(0);
      return false;
    };
  };
  TAPIARY_TRY(catalog.Query("PRAGMA freelist_count", {}, number(&pages)));
  TAPIARY_TRY(catalog.Query("PRAGMA page_size", {}, number(&page_bytes)));
  needed.rows -= pages * page_bytes;
  return needed;
}

base::Result<> Retention::Impl::Purges(std::int64_t now_ns, const Shortage& shortage,
                                       RetentionReport* report) {
  TAPIARY_ASSIGN(const auto stored, ReadStored(catalog));
  TAPIARY_ASSIGN(const SensorNames names, ReadSensorNames(catalog));
  TAPIARY_ASSIGN(const SpaceNeeded needed, Needed(shortage, stored));
  const PurgeContext context{catalog, vault, names, stop, now_ns};
  TAPIARY_ASSIGN(const auto parts, catalog.TimeParts());
  auto purges = PlanPurges(options.policy, stored, names, now_ns, needed, parts);
  const auto count = [report](const StoredAmount& removed) {
    ++report->purges;
    report->entries += removed.entries;
    report->bytes += removed.bytes;
  };
  for (const PartPurge& purge : TakeWholeParts(parts, stored, now_ns, &purges)) {
    if (stop) break;
    TAPIARY_ASSIGN(const StoredAmount removed, RunPartPurge(context, purge));
    if (!purge.hours.empty()) count(removed);
  }
  std::int64_t lease_until = base::SteadyNow() + kLeaseNs / 2;
  for (const Purge& purge : purges) {
    if (stop) break;
    if (base::SteadyNow() > lease_until) {
      TAPIARY_ASSIGN(report->ours, TakeLease(catalog, kLease, holder, base::WallNow(), kLeaseNs));
      if (!report->ours) break;
      lease_until = base::SteadyNow() + kLeaseNs / 2;
    }
    TAPIARY_ASSIGN(const StoredAmount removed, RunPurge(context, purge));
    count(removed);
  }
  return {};
}

base::Result<RetentionReport> Retention::Impl::RunOnce(std::int64_t now_ns) {
  RetentionReport report;
  const Shortage shortage = LookAtDisks();
  if (shortage.any()) PrepareForShortage(shortage);
  const auto lease = TakeLease(catalog, kLease, holder, now_ns, kLeaseNs);
  // A catalog that cannot be written on a full disk: work that makes room is not held up.
  if (!lease && !shortage.any()) return lease.error();
  report.ours = lease ? *lease : true;
  if (!report.ours) return report;
  if (const auto made = catalog.MakeTimeParts(now_ns); !made)
    Note(made);  // rows have a place anyway
  if (now_ns >= spared_again_ns && ForgetSpared(catalog)) spared_again_ns = now_ns + kSparedAgainNs;
  const auto emptied = EmptyTrash(catalog, vault, stop);
  if (!emptied && !shortage.any()) return emptied.error();
  TAPIARY_TRY(Purges(now_ns, shortage, &report));
  if (!options.catalog_folder.empty() && !LookAtDisks().any()) reserve.Make();
  return report;
}

void Retention::Impl::Note(const base::Result<>& result) {
  std::uint64_t suppressed = 0;
  if (result || stop || !error_log.Allow(&suppressed)) return;
  base::LogWarning("retention: {} ({} more before)", result.error().message, suppressed);
}

void Retention::Impl::Run() {
  std::int64_t next_ns = 0;
  while (!stop) {
    if (base::SteadyNow() >= next_ns || LookAtDisks().any()) {
      const auto report = RunOnce(base::WallNow());
      Note(report ? base::Result<>() : base::Result<>(report.error()));
      next_ns = base::SteadyNow() + options.every_ns;
    }
    std::unique_lock lock(mutex);
    changed.wait_for(lock, std::chrono::nanoseconds(std::min(kLookAtDiskNs, options.every_ns)),
                     [this] { return stop.load(); });
  }
}

Retention::Retention(Catalog& catalog, Vault& vault, RetentionOptions options)
    : impl_(new Impl(catalog, vault, std::move(options))) {}

void Retention::Start() {
  impl_->thread = std::thread([impl = impl_.get()] { impl->Run(); });
}

base::Result<RetentionReport> Retention::RunOnce(std::int64_t now_ns) {
  return impl_->RunOnce(now_ns);
}

Retention::~Retention() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->changed.notify_all();
  if (impl_->thread.joinable()) impl_->thread.join();
  (void)GiveBackLease(impl_->catalog, kLease, impl_->holder).has_value();
}

}  // namespace tapiary::server
