#include "server/retention/purge.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <map>
#include <span>
#include <thread>

#include "base/clock.h"
#include "base/text.h"
#include "server/ingest/flow_parts.h"
#include "server/query/sql.h"
#include "server/retention/pinned.h"

namespace tapiary::server {
namespace {

struct KindSql {
  const char* table;
  const char* bytes;  // of a row, as far as they are not the same for all
  const char* also;   // what else is noted of a removed row
  std::int64_t row_bytes;
  std::int64_t step_rows;  // at most so many in one transaction
  const char* item_kind;   // whose content it is
};

const KindSql& SqlOf(DataKind kind) {
  static constexpr std::array<KindSql, kDataKinds.size()> kAll{{
      {"segments", "bytes", ", object, item_id", 0, 500, "segments"},
      {"flows", "0", ", orig_packets, resp_packets, orig_bytes, resp_bytes", kFlowRowBytes, 4000,
       "flows"},
      {"transactions", "LENGTH(record)", "", kTransactionRowBytes, 4000, "facts"},
      {"events", "LENGTH(record)", "", kEventRowBytes, 4000, "events"},
  }};
  return kAll[static_cast<std::size_t>(kind)];
}

// The purge's rows from `from_ns` on, pinned or not.
SqlCondition RowsOf(const Purge& purge, std::int64_t from_ns) {
  SqlCondition rows{"r.received_ns >= ? AND r.received_ns < ?",
                    {from_ns, (purge.hour + 1) * base::kNanosPerHour}};
  if (!purge.of_all) {
    // The plus keeps rows from being looked for by their sensor, which may have millions.
    rows.text +=
        fmt::format(" AND {}r.sensor_id IN ({})", purge.kind == DataKind::kPackets ? "" : "+",
                    fmt::join(purge.sensors, ", "));
  }
  return rows;
}

struct Removed {
  std::int64_t rows = 0;
  std::int64_t bytes = 0;
  std::int64_t last_ns = 0;  // of reception
  std::map<std::int64_t, StoredAmount> by_sensor{};
  std::map<std::int64_t, std::int64_t> last_by_sensor{};
  BatchChanges batches{};
  std::vector<std::string> objects{};
  std::vector<std::int64_t> items{};
};

void Note(DataKind kind, const SqlRow& row, Removed* removed) {
  const std::int64_t sensor_id = row.Int(0);
  const std::int64_t received_ns = row.Int(1);
  const std::int64_t bytes = row.Int(2) + SqlOf(kind).row_bytes;
  ++removed->rows;
  removed->bytes += bytes;
  removed->last_ns = std::max(removed->last_ns, received_ns);
  StoredAmount& sensor = removed->by_sensor[sensor_id];
  ++sensor.entries;
  sensor.bytes += bytes;
  std::int64_t& last = removed->last_by_sensor[sensor_id];
  last = std::max(last, received_ns);
  if (kind == DataKind::kPackets) {
    removed->objects.emplace_back(row.Text(3));
    removed->items.push_back(row.Int(4));
  } else if (kind == DataKind::kFlows) {
    BatchTotals& batch = removed->batches[received_ns];
    batch.flows -= 1;
    batch.packets -= row.Real(3) + row.Real(4);
    batch.bytes -= row.Real(5) + row.Real(6);
  }
}

// What of a kind was removed of a sensor, and up to when.
base::Result<> NoteRetained(SqlWriter& writer, const PurgeContext& context, DataKind kind,
                            PurgeReason reason, std::int64_t sensor_id, StoredAmount amount,
                            std::int64_t since_ns) {
  const std::vector<SqlValue> values{
      sensor_id,      std::string(ToString(kind)),  since_ns, amount.entries, amount.bytes,
      context.now_ns, std::string(ToString(reason))};
  TAPIARY_TRY(writer.Execute(
      "INSERT INTO retained (sensor_id, kind, since_ns, entries, bytes, removed_ns, reason) "
      "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sensor_id, kind) DO UPDATE SET since_ns = "
      "CASE WHEN excluded.since_ns > retained.since_ns THEN excluded.since_ns ELSE "
      "retained.since_ns END, entries = retained.entries + excluded.entries, bytes = "
      "retained.bytes + excluded.bytes, removed_ns = excluded.removed_ns, reason = "
      "excluded.reason",
      values));
  return {};
}

base::Result<> NoteRows(SqlWriter& writer, const PurgeContext& context, const Purge& purge,
                        const Removed& removed) {
  for (const auto& [sensor_id, amount] : removed.by_sensor) {
    TAPIARY_TRY(CountStored(writer, purge.kind, sensor_id,
                            {{purge.hour, {-amount.entries, -amount.bytes}}}));
    TAPIARY_TRY(NoteRetained(writer, context, purge.kind, purge.reason, sensor_id, amount,
                             removed.last_by_sensor.at(sensor_id) + 1));
  }
  return {};
}

base::Result<> NoteItems(SqlWriter& writer, const PurgeContext& context, const Removed& removed) {
  for (const std::int64_t item : removed.items) {
    const std::vector<SqlValue> values{context.now_ns, item, item};
    TAPIARY_TRY(writer.Execute(
        "UPDATE items SET removed_ns = ? WHERE id = ? AND removed_ns IS NULL AND NOT EXISTS "
        "(SELECT 1 FROM segments g WHERE g.item_id = ?)",
        values));
  }
  return {};
}

base::Result<> PutIntoTrash(SqlWriter& writer, const Removed& removed) {
  for (const std::string& object : removed.objects) {
    const std::vector<SqlValue> values{object};
    TAPIARY_TRY(writer.Execute("INSERT INTO vault_trash (object) VALUES (?) ON CONFLICT DO NOTHING",
                               values));
  }
  return {};
}

// One transaction.
base::Result<Removed> RemoveRows(const PurgeContext& context, const Purge& purge,
                                 const SqlCondition& rows, std::int64_t limit, bool trash) {
  Removed removed;
  const KindSql& sql = SqlOf(purge.kind);
  const std::string returned = fmt::format("sensor_id, received_ns, {}{}", sql.bytes, sql.also);
  const auto work = [&](SqlWriter& writer) -> base::Result<> {
    removed = {};
    TAPIARY_TRY(
        writer.DeleteSome({sql.table, rows.text, rows.params, "r.received_ns", limit, returned},
                          [&](const SqlRow& row) {
                            Note(purge.kind, row, &removed);
                            return true;
                          }));
    if (removed.rows == 0) return {};
    TAPIARY_TRY(StoreChanges(writer, removed.batches));
    TAPIARY_TRY(NoteItems(writer, context, removed));
    if (trash) {
      TAPIARY_TRY(PutIntoTrash(writer, removed));
    }
    return NoteRows(writer, context, purge, removed);
  };
  TAPIARY_TRY(context.catalog.Write(work));
  return removed;
}

// On a full disk: the objects first, then the rows that named them.
base::Result<Removed> RemoveObjectsFirst(const PurgeContext& context, const Purge& purge,
                                         SqlCondition rows, std::int64_t limit) {
  std::vector<std::int64_t> ids;
  std::vector<std::string> objects;
  const std::string select =
      fmt::format("SELECT r.id, r.object FROM segments r WHERE {} ORDER BY r.received_ns LIMIT {}",
                  rows.text, limit);
  TAPIARY_TRY(context.catalog.Query(select, rows.params, [&](const SqlRow& row) {
    ids.push_back(row.Int(0));
    objects.emplace_back(row.Text(1));
    return true;
  }));
  for (const std::string& object : objects) TAPIARY_TRY(context.vault.Delete(object));
  if (ids.empty()) return Removed{};
  rows.text += fmt::format(" AND r.id IN ({})", fmt::join(ids, ", "));
  return RemoveRows(context, purge, rows, limit, false);
}

base::Result<Removed> RunStep(const PurgeContext& context, const Purge& purge, std::int64_t from_ns,
                              std::int64_t limit) {
  SqlCondition rows = RowsOf(purge, from_ns);
  rows.text += fmt::format(" AND {}", NotPinned(purge.kind));
  if (purge.kind == DataKind::kPackets && purge.reason == PurgeReason::kDisk) {
    return RemoveObjectsFirst(context, purge, rows, limit);
  }
  return RemoveRows(context, purge, rows, limit, true);
}

// The hour is over and what is left of it is pinned: its account is set to what is there, its items
// are marked.
base::Result<> FinishHour(const PurgeContext& context, const Purge& purge) {
  const KindSql& sql = SqlOf(purge.kind);
  std::map<std::int64_t, StoredAmount> left;
  for (const std::int64_t sensor_id : purge.sensors) left[sensor_id] = {};
  const SqlCondition rows = RowsOf(purge, purge.hour * base::kNanosPerHour);
  TAPIARY_TRY(context.catalog.Query(
      fmt::format("SELECT r.sensor_id, COUNT(*), SUM({}) FROM {} r WHERE {} GROUP BY r.sensor_id",
                  sql.bytes, sql.table, rows.text),
      rows.params, [&](const SqlRow& row) {
        left[row.Int(0)] = {row.Int(1), row.Int(2) + row.Int(1) * sql.row_bytes};
        return true;
      }));
  return context.catalog.Write([&](SqlWriter& writer) -> base::Result<> {
    for (const auto& [sensor_id, amount] : left) {
      const std::vector<SqlValue> account{amount.entries, amount.bytes, purge.hour,
                                          std::string(ToString(purge.kind)), sensor_id};
      TAPIARY_TRY(writer.Execute(
          "UPDATE stored SET entries = ?, bytes = ?, spared = 1 WHERE hour = ? AND kind = ? AND "
          "sensor_id = ?",
          account));
      if (purge.kind == DataKind::kPackets || amount.entries > 0) continue;
      const std::vector<SqlValue> items{context.now_ns, purge.hour * base::kNanosPerHour,
                                        (purge.hour + 1) * base::kNanosPerHour, sensor_id,
                                        std::string(sql.item_kind)};
      TAPIARY_TRY(
          writer.Execute("UPDATE items SET removed_ns = ? WHERE received_ns >= ? AND received_ns < "
                         "? AND sensor_id = ? AND kind = ? AND removed_ns IS NULL",
                         items));
      TAPIARY_TRY(writer.Execute(
          "DELETE FROM item_bodies WHERE item_id IN (SELECT id FROM items WHERE received_ns >= ? "
          "AND received_ns < ? AND sensor_id = ? AND kind = ?)",
          std::span(items).subspan(1)));
    }
    return {};
  });
}

std::string SensorsText(const PurgeContext& context, const Purge& purge) {
  if (purge.sensors.size() > 1) return fmt::format("{} sensors", purge.sensors.size());
  const auto found = context.names.find(purge.sensors.front());
  return "sensor " + (found == context.names.end() ? "?" : base::EscapeBytes(found->second));
}

base::Result<> Tell(const PurgeContext& context, const Purge& purge, const StoredAmount& removed,
                    std::int64_t last_ns) {
  const std::string text = fmt::format(
      "{} of {} received up to {}: {} removed, {}, because of {}", ToString(purge.kind),
      SensorsText(context, purge), base::FormatTime(last_ns), removed.entries,
      base::FormatSize(static_cast<std::uint64_t>(removed.bytes)), ToString(purge.reason));
  return context.catalog.Write(
      [&](SqlWriter& writer) { return AddAudit(writer, "retention", "data-removed", text); });
}

// As long as the step took, so that ingest has the database half of the time.
void Rest(const Purge& purge, std::int64_t began_ns) {
  if (purge.reason == PurgeReason::kDisk) return;
  const std::int64_t took = base::SteadyNow() - began_ns;
  std::this_thread::sleep_for(std::chrono::nanoseconds(std::min(took, base::kNanosPerSecond)));
}

// Rows differ in size: no more than what is still to go takes, as far as the first ones tell.
std::int64_t StepRows(const Purge& purge, const StoredAmount& total) {
  const std::int64_t most = SqlOf(purge.kind).step_rows;
  if (purge.bytes == 0) return most;
  if (total.entries == 0) return 8;
  const std::int64_t average = std::max<std::int64_t>(1, total.bytes / total.entries);
  return std::clamp<std::int64_t>((purge.bytes - total.bytes) / average + 1, 1, most);
}

std::int64_t FirstHour(const TimePart& part) {
  return part.from_ns / base::kNanosPerHour;
}

base::Result<bool> AnyRow(const PurgeContext& context, const TimePart& part,
                          const std::string& condition) {
  bool any = false;
  const std::vector<SqlValue> values{part.from_ns, part.to_ns};
  TAPIARY_TRY(context.catalog.Query(
      fmt::format(
          "SELECT 1 FROM {} r WHERE r.received_ns >= ? AND r.received_ns < ? AND {} LIMIT 1",
          part.table, condition),
      values, [&any](const SqlRow&) {
        any = true;
        return false;
      }));
  return any;
}

// Whether anybody holds a row of the part; also when that takes too long to find out.
base::Result<bool> IsHeld(const PurgeContext& context, const TimePart& part, DataKind kind) {
  bool pins = false;
  TAPIARY_TRY(context.catalog.Query("SELECT 1 FROM pins LIMIT 1", {}, [&pins](const SqlRow&) {
    pins = true;
    return false;
  }));
  if (!pins) return false;
  const auto held = AnyRow(context, part, fmt::format("NOT ({})", NotPinned(kind)));
  if (!held && held.error().code == base::ErrorCode::kTimeout) return true;
  return held;
}

// The account of a part that is gone. Nobody adds to it any more: the table is ours until the end.
base::Result<StoredAmount> CloseAccount(SqlWriter& writer, const PurgeContext& context,
                                        const TimePart& part, DataKind kind, PurgeReason reason) {
  std::map<std::int64_t, StoredAmount> by_sensor;
  const std::vector<SqlValue> hours{std::string(ToString(kind)), FirstHour(part),
                                    part.to_ns / base::kNanosPerHour};
  TAPIARY_TRY(writer.Query(
      "SELECT sensor_id, SUM(entries), SUM(bytes) FROM stored WHERE kind = ? AND hour >= ? AND "
      "hour < ? GROUP BY sensor_id",
      hours, [&by_sensor](const SqlRow& row) {
        by_sensor[row.Int(0)] = {row.Int(1), row.Int(2)};
        return true;
      }));
  StoredAmount total;
  for (const auto& [sensor_id, amount] : by_sensor) {
    if (amount.entries == 0) continue;
    TAPIARY_TRY(NoteRetained(writer, context, kind, reason, sensor_id, amount, part.to_ns));
    total.entries += amount.entries;
    total.bytes += amount.bytes;
  }
  TAPIARY_TRY(writer.Execute(
      "UPDATE stored SET entries = 0, bytes = 0 WHERE kind = ? AND hour >= ? AND hour < ?", hours));
  if (kind != DataKind::kFlows) return total;
  const std::vector<SqlValue> times{part.from_ns, part.to_ns};
  for (const char* const batches : {"flow_batches", "flow_addresses", "flow_ends"}) {
    TAPIARY_TRY(writer.Execute(
        fmt::format("DELETE FROM {} WHERE received_ns >= ? AND received_ns < ?", batches), times));
  }
  return total;
}

// Lists in progress hold it up; the next look comes soon.
base::Result<StoredAmount> Drop(const PurgeContext& context, const PartPurge& purge) {
  constexpr int kAttempts = 10;
  const Purge& first = purge.hours.front();
  base::Result<> done;
  StoredAmount removed;
  for (int attempt = 0; attempt < kAttempts && !context.stop; ++attempt) {
    done = context.catalog.Write([&](SqlWriter& writer) -> base::Result<> {
      TAPIARY_TRY(writer.DropPart(purge.part));
      TAPIARY_ASSIGN(removed, CloseAccount(writer, context, purge.part, first.kind, first.reason));
      return {};
    });
    if (done || done.error().code != base::ErrorCode::kUnavailable) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
  }
  if (!done) return done.error();
  return removed;
}

}  // namespace

base::Result<StoredAmount> RunPartPurge(const PurgeContext& context, const PartPurge& purge) {
  StoredAmount total;
  if (purge.hours.empty()) {
    TAPIARY_ASSIGN(const bool any, AnyRow(context, purge.part, "TRUE"));
    if (any) return total;  // the account does not know them
    TAPIARY_TRY(
        context.catalog.Write([&purge](SqlWriter& writer) { return writer.DropPart(purge.part); }));
    return total;
  }
  TAPIARY_ASSIGN(const bool held, IsHeld(context, purge.part, purge.hours.front().kind));
  if (held) {
    for (const Purge& hour : purge.hours) {
      TAPIARY_ASSIGN(const StoredAmount removed, RunPurge(context, hour));
      total.entries += removed.entries;
      total.bytes += removed.bytes;
    }
    return total;
  }
  TAPIARY_ASSIGN(total, Drop(context, purge));
  Purge all = purge.hours.front();
  for (const Purge& hour : purge.hours) {
    TAPIARY_TRY(FinishHour(context, hour));
    all.sensors.insert(all.sensors.end(), hour.sensors.begin(), hour.sensors.end());
  }
  std::ranges::sort(all.sensors);
  all.sensors.erase(std::ranges::unique(all.sensors).begin(), all.sensors.end());
  TAPIARY_TRY(Tell(context, all, total, purge.part.to_ns - 1));
  (void)context.catalog.MakeTimeParts(context.now_ns).has_value();  // else the next round does it
  return total;
}

base::Result<StoredAmount> RunPurge(const PurgeContext& context, const Purge& purge) {
  StoredAmount total;
  std::int64_t from_ns = purge.hour * base::kNanosPerHour;
  bool whole = false;
  while (!whole && !context.stop && (purge.bytes == 0 || total.bytes < purge.bytes)) {
    const std::int64_t began_ns = base::SteadyNow();
    const std::int64_t limit = StepRows(purge, total);
    TAPIARY_ASSIGN(const Removed removed, RunStep(context, purge, from_ns, limit));
    total.entries += removed.rows;
    total.bytes += removed.bytes;
    if (removed.rows > 0) from_ns = removed.last_ns;
    whole = removed.rows < limit;
    if (purge.kind == DataKind::kPackets) {
      TAPIARY_TRY(EmptyTrash(context.catalog, context.vault, context.stop));
    }
    Rest(purge, began_ns);
  }
  if (whole && purge.hour < context.now_ns / base::kNanosPerHour)
    TAPIARY_TRY(FinishHour(context, purge));
  if (total.entries > 0) TAPIARY_TRY(Tell(context, purge, total, from_ns));
  return total;
}

base::Result<std::uint64_t> EmptyTrash(Catalog& catalog, Vault& vault,
                                       const std::atomic<bool>& stop) {
  std::uint64_t removed = 0;
  std::vector<std::string> objects;
  do {
    objects.clear();
    TAPIARY_TRY(
        catalog.Query("SELECT object FROM vault_trash LIMIT 200", {}, [&](const SqlRow& row) {
          objects.emplace_back(row.Text(0));
          return true;
        }));
    for (const std::string& object : objects) TAPIARY_TRY(vault.Delete(object));
    if (objects.empty()) break;
    const auto forget = [&objects](SqlWriter& writer) -> base::Result<> {
      for (const std::string& object : objects) {
        const std::vector<SqlValue> values{object};
        TAPIARY_TRY(writer.Execute("DELETE FROM vault_trash WHERE object = ?", values));
      }
      return {};
    };
    TAPIARY_TRY(catalog.Write(forget));
    removed += objects.size();
  } while (!stop);
  return removed;
}

base::Result<> ForgetSpared(Catalog& catalog) {
  return catalog.Write([](SqlWriter& writer) -> base::Result<> {
    TAPIARY_TRY(
        writer.Execute("UPDATE stored SET spared = 0 WHERE spared = 1 AND entries > 0", {}));
    return {};
  });
}

}  // namespace tapiary::server
