#include "server/ingest/transaction_rows.h"

#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "capture/record_json.h"
#include "server/ingest/rows.h"
#include "server/ingest/stored.h"

namespace tapiary::server {
namespace {

// The key first (NewRows).
constexpr std::string_view kColumns =
    "sensor_id, epoch, flow_number, number, received_ns, time_ns, protocol, operation, code, unit, "
    "address, quantity, status, command, technique, orig_ip, orig_port, resp_ip, resp_port, "
    "community_id, record";
constexpr std::size_t kColumnCount = 21;
constexpr std::size_t kKeys = 4;
constexpr std::size_t kReceived = 4;

using Key = std::array<std::int64_t, kKeys - 1>;

SqlValue Optional(const std::optional<std::uint64_t>& value) {
  return value ? NumberValue(*value) : SqlValue(nullptr);
}

// As it is stored, where large numbers are cut.
Key KeyOf(const capture::Transaction& transaction) {
  return {std::get<std::int64_t>(NumberValue(transaction.flow_id.epoch)),
          std::get<std::int64_t>(NumberValue(transaction.flow_id.number)),
          std::get<std::int64_t>(NumberValue(transaction.number))};
}

void AppendValues(std::int64_t sensor_id, const Key& key, const capture::Transaction& transaction,
                  std::string record, std::vector<SqlValue>* values) {
  std::array<SqlValue, kColumnCount> row{
      sensor_id,
      key[0],
      key[1],
      key[2],
      std::int64_t{0},
      transaction.time_ns,
      TextValue(transaction.protocol),
      TextValue(transaction.operation),
      std::int64_t{transaction.code},
      Optional(transaction.unit),
      Optional(transaction.address),
      Optional(transaction.quantity),
      TextValue(capture::ToString(transaction.status)),
      std::int64_t{transaction.command},
      TextValue(transaction.attack_technique),
      AddressValue(transaction.orig_ip),
      NumberValue(transaction.orig_port),
      AddressValue(transaction.resp_ip),
      NumberValue(transaction.resp_port),
      TextValue(transaction.community_id),
      std::move(record),
  };
  std::ranges::move(row, std::back_inserter(*values));
}

}  // namespace

TransactionRows::TransactionRows(std::int64_t sensor_id, std::string_view sensor,
                                 std::span<const capture::Transaction> transactions)
    : sensor_id_(sensor_id), rows_{"transactions", kColumns,       kColumnCount,
                                   kKeys,          /*fresh=*/true, kReceived} {
  rows_.values.reserve(transactions.size() * kColumnCount);
  std::set<Key> keys;
  for (const capture::Transaction& transaction : transactions) {
    const Key key = KeyOf(transaction);
    if (!keys.insert(key).second) continue;
    std::string record = capture::ToJson(transaction, sensor);
    bytes_.push_back(static_cast<std::int64_t>(record.size()));
    AppendValues(sensor_id, key, transaction, std::move(record), &rows_.values);
  }
}

base::Result<> TransactionRows::Add(SqlWriter& writer, std::int64_t received_ns) {
  for (std::size_t at = kReceived; at < rows_.values.size(); at += kColumnCount) {
    rows_.values[at] = received_ns;
  }
  std::vector<std::size_t> existing;
  if (!bytes_.empty()) TAPIARY_TRY(writer.InsertNew(rows_, &existing));
  StoredAmount stored;
  for (std::size_t row = 0; row < bytes_.size(); ++row) {
    if (std::ranges::binary_search(existing, row)) continue;
    ++stored.entries;
    stored.bytes += bytes_[row] + kTransactionRowBytes;
  }
  return CountStored(writer, DataKind::kTransactions, sensor_id_, received_ns, stored);
}

}  // namespace tapiary::server
