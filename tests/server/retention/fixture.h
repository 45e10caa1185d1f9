// A catalog and a vault with known content of known times of reception, made by the ingest's own
// row functions. On SQLite or PostgreSQL.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "server/catalog/catalog.h"
#include "server/ingest/stored.h"
#include "server/retention/purge.h"
#include "server/retention/retention.h"
#include "server/vault/vault.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server::test {

inline constexpr std::int64_t kHour = 500'000;  // some hour of 2027
inline constexpr std::int64_t kMinuteNs = 60'000'000'000;
// `minutes` behind the begin of kHour + hours.
inline std::int64_t At(std::int64_t hours, std::int64_t minutes = 0) {
  return (kHour + hours) * base::kNanosPerHour + minutes * kMinuteNs;
}

class RetentionFixture : public testing::Test {
 protected:
  void SetUp() override;

  std::int64_t Sensor(const std::string& name);
  // Times of packets, flows and events are those of reception.
  void AddPackets(std::int64_t sensor, std::int64_t received_ns, std::size_t bytes);
  void AddFlows(std::int64_t sensor, std::int64_t received_ns, std::size_t count);
  void AddTransactions(std::int64_t sensor, std::int64_t received_ns, std::size_t count);
  void AddEvents(std::int64_t sensor, std::int64_t received_ns, std::size_t count);
  void Pin(std::int64_t sensor, std::int64_t from_ns, std::int64_t to_ns);

  void Execute(std::string_view sql, const std::vector<SqlValue>& values = {});
  std::int64_t Number(const std::string& sql);
  std::int64_t Count(const std::string& table) { return Number("SELECT COUNT(*) FROM " + table); }
  std::size_t Objects();
  // What the account says, and that it and flow_batches say what is there.
  void ExpectAccountsRight();
  RetentionReport Run(const RetentionPolicy& policy, std::int64_t now_ns);

  base::TempFolder folder_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Vault> vault_;
  std::atomic<bool> stop_{false};

 private:
  std::int64_t Item(SqlWriter& writer, std::int64_t sensor, const char* kind,
                    std::int64_t received_ns);
  std::uint64_t next_ = 1;
};

}  // namespace tapiary::server::test
