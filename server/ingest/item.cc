#include "server/ingest/item.h"

#include <fmt/core.h>

#include <algorithm>

#include "base/clock.h"
#include "base/log.h"
#include "base/text.h"
#include "server/alert/work.h"

namespace tapiary::server {
namespace {

std::uint64_t Big64(const base::Sha256Digest& hash, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i) value = (value << 8) | hash[at + i];
  return value;
}

std::vector<SqlValue> KeyValues(const Item& item) {
  return {item.sensor_id, std::string(item.kind), static_cast<std::int64_t>(item.epoch),
          static_cast<std::int64_t>(item.seq)};
}

std::vector<std::uint8_t> Blob(const base::Sha256Digest& digest) {
  return {digest.begin(), digest.end()};
}

base::Result<bool> SameDigest(SqlWriter& writer, const Item& item) {
  bool same = false;
  TAPIARY_TRY(writer.Query(
      "SELECT digest FROM items WHERE sensor_id = ? AND kind = ? AND epoch = ? AND seq = ?",
      KeyValues(item), [&](const SqlRow& row) {
        same = std::ranges::equal(row.Blob(0), item.digest);
        return false;
      }));
  return same;
}

enum class Outcome { kNew, kRepeated, kConflict };

base::Result<Outcome> StoreIn(SqlWriter& writer, const Item& item, const RowWork& work) {
  ItemRow row{.id = 0, .received_ns = base::WallNow()};
  std::vector<SqlValue> values = KeyValues(item);
  values.insert(values.end(),
                {Blob(item.digest), static_cast<std::int64_t>(item.bytes), row.received_ns});
  TAPIARY_TRY(
      writer.Query("INSERT INTO items (sensor_id, kind, epoch, seq, digest, bytes, received_ns) "
                   "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id",
                   values, [&row](const SqlRow& added) {
                     row.id = added.Int(0);
                     return true;
                   }));
  if (row.id == 0) {
    TAPIARY_ASSIGN(const bool same, SameDigest(writer, item));
    if (same) return Outcome::kRepeated;
    TAPIARY_TRY(Alarm(writer, item.sensor, "digest-conflict",
                      fmt::format("{} {}/{}: another content came, {}{}", item.kind, item.epoch,
                                  item.seq, base::FormatContentDigest(item.digest),
                                  item.key.empty() ? "" : ", Idempotency-Key " + item.key)));
    return Outcome::kConflict;
  }
  const std::vector<SqlValue> seen{row.received_ns, item.sensor_id};
  TAPIARY_TRY(writer.Execute("UPDATE sensors SET last_seen_ns = ? WHERE id = ?", seen));
  TAPIARY_TRY(work(writer, row));
  TAPIARY_TRY(AddAlertWork(writer, item.kind, row.received_ns));
  return Outcome::kNew;
}

}  // namespace

std::uint64_t EpochOf(const base::Sha256Digest& hash) {
  return (std::uint64_t{1} << 62) | (Big64(hash, 0) >> 2);
}

std::uint64_t SeqOf(const base::Sha256Digest& hash) {
  return Big64(hash, 8) >> 1;
}

base::Result<> Alarm(SqlWriter& writer, std::string_view sensor, std::string_view action,
                     std::string_view detail) {
  bool told = false;
  const std::vector<SqlValue> values{std::string(action), base::EscapeBytes(detail),
                                     base::EscapeBytes(sensor)};
  TAPIARY_TRY(
      writer.Query("SELECT 1 FROM (SELECT actor, detail FROM audit WHERE action = ? ORDER BY id "
                   "DESC LIMIT 1000) "
                   "a WHERE detail = ? AND actor = ?",
                   values, [&told](const SqlRow&) {
                     told = true;
                     return false;
                   }));
  if (told) return {};
  base::LogWarning("{} from sensor {}: {}", action, base::EscapeBytes(sensor),
                   base::EscapeBytes(detail));
  return AddAudit(writer, sensor, action, detail);
}

base::Result<bool> IsKnown(const Catalog& catalog, const Item& item) {
  bool known = false;
  TAPIARY_TRY(catalog.QuickQuery(
      "SELECT 1 FROM items WHERE sensor_id = ? AND kind = ? AND epoch = ? AND seq = ?",
      KeyValues(item), [&known](const SqlRow&) {
        known = true;
        return false;
      }));
  return known;
}

base::Result<bool> StoreItem(Catalog& catalog, const Item& item, const RowWork& work,
                             WorkKind kind) {
  Outcome outcome = Outcome::kNew;
  const auto store = [&](SqlWriter& writer) -> base::Result<> {
    TAPIARY_ASSIGN(outcome, StoreIn(writer, item, work));
    return {};
  };
  TAPIARY_TRY(kind == WorkKind::kRepeatable ? catalog.WriteRepeatable(store)
                                            : catalog.WriteShared(store));
  if (outcome == Outcome::kConflict) {
    return base::MakeError(base::ErrorCode::kConflict,
                           fmt::format("other content is stored as {} {}/{}; nothing was changed",
                                       item.kind, item.epoch, item.seq));
  }
  return outcome == Outcome::kNew;
}

}  // namespace tapiary::server
