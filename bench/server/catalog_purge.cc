// bench_catalog purge: removes every flow as retention does, while somebody else writes a row every
// 10 ms and says how long that took.
#include <fmt/core.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "bench/server/catalog_tool.h"
#include "server/retention/plan.h"
#include "server/retention/purge.h"

namespace tapiary::bench {
namespace {

using server::SqlWriter;

// When today is over, so that all of it can go.
constexpr std::int64_t kLater = 2 * base::kNanosPerDay;

// The milliseconds of each write.
void WriteOften(server::Catalog& catalog, const std::atomic<bool>& stop, std::vector<double>* out) {
  while (!stop) {
    const std::int64_t from = base::SteadyNow();
    const auto done = catalog.Write([from](SqlWriter& writer) -> base::Result<> {
      const std::vector<server::SqlValue> values{from};
      TAPIARY_TRY(writer.Execute(
          "UPDATE sensors SET last_seen_ns = ? WHERE id = (SELECT MIN(id) FROM sensors)", values));
      return {};
    });
    if (!done) return;
    out->push_back(static_cast<double>(base::SteadyNow() - from) / 1e6);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

// A server that still tidies up what was just loaded has the table in use; retention comes again.
base::Result<server::StoredAmount> DropPart(const server::PurgeContext& context,
                                            const server::PartPurge& purge) {
  constexpr int kAttempts = 10;
  auto amount = server::RunPartPurge(context, purge);
  for (int i = 1; i < kAttempts && !amount; ++i) {
    if (amount.error().code != base::ErrorCode::kUnavailable) break;
    amount = server::RunPartPurge(context, purge);
  }
  return amount;
}

base::Result<std::int64_t> PurgeFlows(server::Catalog& catalog, server::Vault& vault) {
  server::RetentionPolicy policy;
  policy.all[static_cast<std::size_t>(server::DataKind::kFlows)].age_ns = base::kNanosPerHour;
  TAPIARY_ASSIGN(const auto stored, server::ReadStored(catalog));
  TAPIARY_ASSIGN(const auto names, server::ReadSensorNames(catalog));
  const std::atomic<bool> stop{false};
  const std::int64_t now = base::WallNow() + kLater;
  std::int64_t removed = 0;
  const server::PurgeContext context{catalog, vault, names, stop, now};
  TAPIARY_ASSIGN(const auto parts, catalog.TimeParts());
  auto purges = server::PlanPurges(policy, stored, names, now, {}, parts);
  for (const auto& purge : server::TakeWholeParts(parts, stored, now, &purges)) {
    TAPIARY_ASSIGN(const auto amount, DropPart(context, purge));
    removed += amount.entries;
  }
  for (const auto& purge : purges) {
    TAPIARY_ASSIGN(const auto amount, server::RunPurge(context, purge));
    removed += amount.entries;
  }
  return removed;
}

}  // namespace

base::Result<> Purge(server::Catalog& catalog, server::Vault& vault) {
  std::atomic<bool> stop{false};
  std::vector<double> waits;
  std::thread writer([&] { WriteOften(catalog, stop, &waits); });
  const std::int64_t from = base::SteadyNow();
  const auto removed = PurgeFlows(catalog, vault);
  const double seconds = static_cast<double>(base::SteadyNow() - from) / 1e9;
  stop = true;
  writer.join();
  if (!removed) return removed.error();
  if (waits.empty()) return base::MakeError(base::ErrorCode::kInternal, "nobody could write");
  std::ranges::sort(waits);
  fmt::print(
      "{{\"flows\":{},\"seconds\":{:.3f},\"writes\":{},\"p50_ms\":{:.2f},\"p99_ms\":{:.2f},"
      "\"worst_ms\":{:.2f}}}\n",
      *removed, seconds, waits.size(), waits[waits.size() / 2], waits[waits.size() * 99 / 100],
      waits.back());
  return {};
}

}  // namespace tapiary::bench
