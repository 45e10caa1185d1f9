// The account of what is stored: entries and bytes per kind, hour of reception and sensor, kept up
// with every transaction that adds or removes, so that nobody has to count rows. Retention, the
// completeness statement and the page read it. Any thread.
//
// Bytes of packets are those of the vault; of rows, what a row takes with its part of the indexes,
// as measured (bench/README.md), and the bodies of the items that they came in. An hour may have
// bodies and no rows.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

enum class DataKind : std::uint8_t { kPackets, kFlows, kTransactions, kEvents };
inline constexpr std::array kDataKinds{DataKind::kPackets, DataKind::kFlows,
                                       DataKind::kTransactions, DataKind::kEvents};
// "packets", "flows", ...: as the catalog and the settings have it.
std::string_view ToString(DataKind kind);
// kInvalid when it is none.
base::Result<DataKind> ParseDataKind(std::string_view text);

inline constexpr std::int64_t kFlowRowBytes = 550;
inline constexpr std::int64_t kTransactionRowBytes = 350;  // and its record
inline constexpr std::int64_t kEventRowBytes = 700;        // and its record

struct StoredAmount {
  std::int64_t entries = 0;
  std::int64_t bytes = 0;
};

// What one transaction adds or, below 0, removes, by hour (received_ns / base::kNanosPerHour).
using StoredChanges = std::map<std::int64_t, StoredAmount>;
// Inside a write transaction.
base::Result<> CountStored(SqlWriter& writer, DataKind kind, std::int64_t sensor_id,
                           const StoredChanges& changes);
base::Result<> CountStored(SqlWriter& writer, DataKind kind, std::int64_t sensor_id,
                           std::int64_t received_ns, StoredAmount amount);

struct StoredHour {
  DataKind kind = DataKind::kPackets;
  std::int64_t hour = 0;
  std::int64_t sensor_id = 0;
  StoredAmount amount;
  bool spared = false;  // retention went over it; what is left is pinned
};
// Everything that is stored, oldest hours first; hours of which nothing is left are not in it.
base::Result<std::vector<StoredHour>> ReadStored(const Catalog& catalog);
using SensorNames = std::map<std::int64_t, std::string>;
base::Result<SensorNames> ReadSensorNames(const Catalog& catalog);

}  // namespace tapiary::server
