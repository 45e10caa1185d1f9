// Inside ingest: the account of what was ingested, once each (UP-01). Any thread.
//
// An item is known by (sensor, kind, epoch, seq). The catalog's UNIQUE constraint decides between
// concurrent duplicates, also those of several collectors: the second one finds the first's digest.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/digest.h"
#include "base/result.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

struct Item {
  std::int64_t sensor_id = 0;
  std::string sensor;
  std::string_view kind;  // static
  std::uint64_t epoch = 0;
  std::uint64_t seq = 0;
  base::Sha256Digest digest{};
  std::uint64_t bytes = 0;
  std::string key{};  // the sender's Idempotency-Key, of which the numbers are made; or none
};

// What the collector itself numbers (uploaded files, events) lies in [2^62, 2^63): above every
// epoch of a sensor. Made of the hash, so that equal content has equal numbers.
std::uint64_t EpochOf(const base::Sha256Digest& hash);
std::uint64_t SeqOf(const base::Sha256Digest& hash);  // below 2^63

// Its number is taken, by whatever content.
base::Result<bool> IsKnown(const Catalog& catalog, const Item& item);

struct ItemRow {
  std::int64_t id = 0;
  std::int64_t received_ns = 0;
};
// Whether work may be done twice (Catalog::WriteRepeatable).
enum class WorkKind : std::uint8_t { kOnce, kRepeatable };
using RowWork = std::function<base::Result<>(SqlWriter& writer, const ItemRow& row)>;

// Adds an audit row and logs it; one for each (sensor, action, detail) among the newest rows,
// however often the sender comes back. Inside a transaction.
base::Result<> Alarm(SqlWriter& writer, std::string_view sensor, std::string_view action,
                     std::string_view detail);

// One transaction: the item, that its sensor was seen, and what `work` writes. False when the same
// content was stored before: nothing is written. kConflict when other content was: nothing is
// written but an audit row.
base::Result<bool> StoreItem(Catalog& catalog, const Item& item, const RowWork& work,
                             WorkKind kind = WorkKind::kOnce);

}  // namespace tapiary::server
