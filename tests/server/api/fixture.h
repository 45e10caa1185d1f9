// A collector's stores with known content, and calls of its handlers without HTTP.
//
// Packets go the production way: metered, built into blocks and segments, put into a file vault,
// and their records into a SQLite catalog by the ingest's own row functions.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "capture/records.h"
#include "server/api/api.h"
#include "server/catalog/catalog.h"
#include "server/http/handler.h"
#include "server/http/router.h"
#include "server/vault/vault.h"
#include "tests/capture/support/packet_builder.h"

namespace tapiary::server::test {

class ApiFixture : public testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override;

  struct Load {
    std::string sensor = "plant-a";
    std::uint64_t epoch = 7;
    std::int64_t received_ns = 0;  // 0: now
    std::size_t packets_per_block = 20;
    std::size_t blocks_per_segment = 4;
    bool records = true;  // false: only the segments arrived
  };
  // Returns what metering found.
  capture::RecordBatch Store(std::vector<capture::Packet>& packets, const Load& load);
  // `flows` connections of 10 packets: a read, and a write of 1234 to register 40.
  capture::RecordBatch StoreModbus(int flows, const Load& load);
  capture::RecordBatch StoreModbus(int flows) { return StoreModbus(flows, Load()); }
  void Execute(std::string_view sql, const std::vector<SqlValue>& values = {});
  std::int64_t SensorId(const std::string& name);

  // Path with query, decoded as the server would.
  Response Get(const std::string& path, std::map<std::string, std::string> query = {});
  nlohmann::json Json(const std::string& path, std::map<std::string, std::string> query = {});
  std::string Body(Response& response, std::size_t buffer_size = 5000);
  // The packets of a capture file's bytes, as "time hex".
  std::vector<std::string> PacketsOf(const std::string& file);
  static std::vector<std::string> Texts(const std::vector<capture::Packet>& packets);

  std::string folder_;
  std::unique_ptr<Catalog> catalog_;
  std::unique_ptr<Vault> vault_;
  std::unique_ptr<Router> router_;

 private:
  void StoreSegments(std::vector<capture::Packet>& packets, const Load& load,
                     const std::vector<std::vector<capture::Packet>>& blocks);
  std::int64_t next_item_ = 1'000'000;  // PostgreSQL counts its own from 1
};

}  // namespace tapiary::server::test
