#include "server/ingest/sweeper.h"

#include <fmt/core.h>
#include <sys/random.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "server/vault/object_name.h"

namespace tapiary::server {
namespace {

using Names = std::unordered_set<std::string>;

constexpr std::size_t kNamesAtATime = 100'000;  // about 12 MB
constexpr std::int64_t kRowsPerQuery = 5'000;
constexpr std::uint64_t kCrashOrphans = 1'000;  // an import of a capture file makes hundreds
constexpr std::chrono::hours kEvery{1};
constexpr const char* kTagAction = "catalog-tag";

base::Error Stopping() {
  return base::MakeError(base::ErrorCode::kUnavailable, "the collector is stopping");
}

// Takes out those that a row names. Pages, so that no query is held open (CO-14); a row that is
// added meanwhile belongs to an object that is too young to be among them.
base::Result<> ForgetKnown(const Catalog& catalog, const std::atomic<bool>& stop, Names* names) {
  std::int64_t after = 0;
  std::int64_t rows = kRowsPerQuery;
  while (rows == kRowsPerQuery && !names->empty()) {
    if (stop) return Stopping();
    rows = 0;
    const std::vector<SqlValue> values{after, kRowsPerQuery};
    TAPIARY_TRY(catalog.Query("SELECT id, object FROM segments WHERE id > ? ORDER BY id LIMIT ?",
                              values, [&](const SqlRow& row) {
                                ++rows;
                                after = row.Int(0);
                                names->erase(std::string(row.Text(1)));
                                return true;
                              }));
  }
  return {};
}

base::Result<std::vector<std::string>> FindOrphans(const Catalog& catalog, Vault& vault,
                                                   const std::string& tag, std::int64_t min_age_ns,
                                                   const std::atomic<bool>& stop,
                                                   SweepReport* report) {
  Names names;
  std::vector<std::string> orphans;
  base::Result<> looked;
  const auto look = [&]() -> base::Result<> {
    TAPIARY_TRY(ForgetKnown(catalog, stop, &names));
    orphans.insert(orphans.end(), names.begin(), names.end());
    names.clear();
    if (orphans.size() <= kCrashOrphans) return {};
    return base::MakeError(
        base::ErrorCode::kConflict,
        fmt::format("vault: more than {} objects have no row in this catalog; was it restored from "
                    "a backup? Nothing was removed",
                    kCrashOrphans));
  };
  const auto listed = vault.ForEach([&](const ObjectInfo& object) {
    if (stop) looked = Stopping();
    if (!looked) return false;
    if (object.age_ns < min_age_ns || !HasTag(object.name, tag)) return true;
    ++report->objects;
    names.insert(object.name);
    if (names.size() >= kNamesAtATime) looked = look();
    return looked.has_value();
  });
  TAPIARY_TRY(listed);
  TAPIARY_TRY(looked);
  TAPIARY_TRY(look());
  return orphans;
}

base::Result<std::string> FindTag(const Catalog& catalog) {
  std::string tag;
  const std::vector<SqlValue> values{std::string(kTagAction)};
  TAPIARY_TRY(catalog.QuickQuery("SELECT detail FROM audit WHERE action = ? ORDER BY id LIMIT 1",
                                 values, [&tag](const SqlRow& row) {
                                   tag = row.Text(0);
                                   return false;
                                 }));
  return tag;
}

}  // namespace

base::Result<std::string> CatalogTag(Catalog& catalog) {
  TAPIARY_ASSIGN(std::string tag, FindTag(catalog));
  if (tag.empty()) {
    std::array<std::uint8_t, kTagHex / 2> bytes{};
    if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
      return base::MakeError(base::ErrorCode::kUnavailable, "no random bytes");
    }
    TAPIARY_TRY(catalog.Write([&bytes](SqlWriter& writer) {
      return AddAudit(writer, "collector", kTagAction, base::ToHex(bytes));
    }));
    TAPIARY_ASSIGN(tag, FindTag(catalog));  // that of whoever was first
  }
  if (!tag.empty() && IsObjectTag(tag)) return tag;
  return base::MakeError(base::ErrorCode::kCorrupt, "the catalog's tag is not one");
}

base::Result<SweepReport> SweepOrphans(const Catalog& catalog, Vault& vault, const std::string& tag,
                                       std::int64_t min_age_ns, const std::atomic<bool>& stop) {
  SweepReport report;
  TAPIARY_ASSIGN(report.leftovers, vault.RemoveLeftovers(min_age_ns));
  TAPIARY_ASSIGN(const std::vector<std::string> orphans,
                 FindOrphans(catalog, vault, tag, min_age_ns, stop, &report));
  for (const std::string& name : orphans) {
    if (stop) return Stopping();
    TAPIARY_TRY(vault.Delete(name));
    base::LogWarning("vault: removed {}, which no catalog row names", name);
    ++report.orphans;
  }
  return report;
}

struct Sweeper::Impl {
  const Catalog& catalog;
  Vault& vault;
  const std::string tag;
  const std::int64_t min_age_ns;
  std::atomic<bool> stop{false};
  std::mutex mutex{};
  std::condition_variable changed{};  // with mutex: stop was set
  std::thread thread{};

  void Run() {
    while (!stop) {
      const auto report = SweepOrphans(catalog, vault, tag, min_age_ns, stop);
      if (!report && !stop) base::LogWarning("sweep: {}", report.error().message);
      if (report && report->orphans + report->leftovers > 0) {
        base::LogInfo("sweep: removed {} of {} objects and {} unfinished writes", report->orphans,
                      report->objects, report->leftovers);
      }
      std::unique_lock lock(mutex);
      changed.wait_for(lock, kEvery, [this] { return stop.load(); });
    }
  }
};

Sweeper::Sweeper(const Catalog& catalog, Vault& vault, std::string tag, std::int64_t min_age_ns)
    : impl_(new Impl{catalog, vault, std::move(tag), min_age_ns}) {
  impl_->thread = std::thread([impl = impl_.get()] { impl->Run(); });
}

Sweeper::~Sweeper() {
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->stop = true;
  }
  impl_->changed.notify_all();
  impl_->thread.join();
}

}  // namespace tapiary::server
