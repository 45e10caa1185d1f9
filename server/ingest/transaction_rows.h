// TransactionRows: a batch of transactions for the catalog, made before the write transaction,
// which others wait for. Those whose key is stored already stay as they are. One thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "capture/records.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

class TransactionRows {
 public:
  // `sensor`: its name, as in the records.
  TransactionRows(std::int64_t sensor_id, std::string_view sensor,
                  std::span<const capture::Transaction> transactions);
  // Once, inside Catalog::Write.
  base::Result<> Add(SqlWriter& writer, std::int64_t received_ns);

 private:
  std::int64_t sensor_id_;
  NewRows rows_;
  std::vector<std::int64_t> bytes_;  // of each row's record
};

}  // namespace tapiary::server
