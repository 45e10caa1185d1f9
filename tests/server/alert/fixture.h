// A catalog for the tests of alerts, filled by the ingest's own row functions: on SQLite, and on
// PostgreSQL under postgres_server.sh.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "capture/records.h"
#include "server/alert/evaluator.h"
#include "server/alert/rule_store.h"
#include "server/catalog/catalog.h"
#include "tests/base/temp_folder.h"

namespace tapiary::server::test {

inline constexpr std::int64_t kSecond = 1'000'000'000;
inline constexpr std::int64_t kNow = 1'795'000'000 * kSecond;

class AlertFixture : public testing::Test {
 protected:
  void SetUp() override;

  // Stored as an item of `sensor`, through StoreItem. Returns when it was received.
  std::int64_t Ingest(const std::string& kind, const capture::RecordBatch& records,
                      const std::string& sensor = "plc-1");
  std::int64_t Facts(const std::vector<capture::Transaction>& transactions,
                     const std::string& sensor = "plc-1") {
    capture::RecordBatch batch;
    batch.transactions = transactions;
    return Ingest("facts", batch, sensor);
  }
  std::int64_t Flows(const std::vector<capture::FlowRecord>& flows) {
    capture::RecordBatch batch;
    batch.flows = flows;
    return Ingest("flows", batch);
  }
  std::int64_t IngestEvent(const std::string& type, const std::string& user, const std::string& ip);
  // A write from 192.0.2.`host` in a flow of that number.
  static capture::Transaction Command(std::uint64_t flow, std::uint32_t number = 0, int host = 9);
  static capture::FlowRecord Flow(std::uint64_t flow, std::uint64_t bytes, std::uint32_t part = 0,
                                  int host = 9);
  std::int64_t Rule(const std::string& json);
  // Passes until nothing is left; the alerts that were made.
  std::int64_t Judge(std::int64_t now_ns = kNow, std::int64_t run = CollectorRun());

  std::int64_t Count(const std::string& table_and_condition);
  std::string Value(const std::string& sql);
  void Execute(const std::string& sql);
  std::int64_t SensorId(const std::string& name);

  base::TempFolder folder_;
  std::unique_ptr<Catalog> catalog_;
  std::vector<Recipient> recipients_{{"soc", Severity::kInfo}, {"siem", Severity::kHigh}};

 private:
  std::uint64_t next_seq_ = 1;
};

}  // namespace tapiary::server::test
