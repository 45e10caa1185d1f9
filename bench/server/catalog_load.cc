// bench_catalog load: batches of flows into a catalog, by the collector's own code from the decoded
// batch on; the figures are what is left after the last commit.
#include <sys/resource.h>

#include <cstdio>
#include <thread>

#include "base/clock.h"
#include "bench/server/catalog_tool.h"
#include "bench/server/sensor_flows.h"
#include "server/ingest/item.h"
#include "server/ingest/rows.h"

namespace tapiary::bench {
namespace {

using server::Catalog;
using server::SqlRow;
using server::SqlValue;
using server::SqlWriter;

double CpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
         static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

base::Result<std::int64_t> SensorId(Catalog& catalog, const std::string& name) {
  std::int64_t id = 0;
  TAPIARY_TRY(catalog.Write([&](SqlWriter& writer) {
    const std::vector<SqlValue> values{name, base::WallNow()};
    return writer.Query("INSERT INTO sensors (name, created_ns) VALUES (?, ?) RETURNING id", values,
                        [&id](const SqlRow& row) {
                          id = row.Int(0);
                          return true;
                        });
  }));
  return id;
}

base::Result<> StoreBatch(Catalog& catalog, const server::RowOwner& owner, std::uint64_t seq,
                          const std::vector<capture::FlowRecord>& flows) {
  server::Item item{.sensor_id = owner.sensor_id, .sensor = owner.sensor, .kind = "flows"};
  item.epoch = kFlowEpoch;
  item.seq = seq;
  server::FlowRows rows(owner.sensor_id, flows);
  const auto work = [&](SqlWriter& writer, const server::ItemRow& row) -> base::Result<> {
    TAPIARY_ASSIGN(const auto wrong, rows.Add(writer, row.received_ns));
    if (wrong.empty()) return {};
    return base::MakeError(base::ErrorCode::kConflict, "the same flow twice");
  };
  TAPIARY_TRY(server::StoreItem(catalog, item, work));
  return {};
}

// One sensor's part of the load, in batches.
base::Result<> LoadSensor(Catalog& catalog, const LoadPlan& plan, std::uint64_t sensor) {
  const std::string name = plan.prefix + std::to_string(sensor);
  TAPIARY_ASSIGN(const std::int64_t id, SensorId(catalog, name));
  SensorFlows source(sensor, 1'000'000);
  std::vector<capture::FlowRecord> flows;
  std::uint64_t seq = 0;
  for (std::uint64_t left = plan.flows / plan.sensors; left > 0; left -= flows.size()) {
    source.Next(std::min<std::uint64_t>(left, plan.batch), &flows);
    TAPIARY_TRY(StoreBatch(catalog, {id, name, 0}, seq++, flows));
  }
  return {};
}

base::Result<std::int64_t> CountFlows(Catalog& catalog) {
  std::int64_t count = 0;
  TAPIARY_TRY(catalog.Write([&count](SqlWriter& writer) {  // no time limit
    return writer.Query("SELECT COUNT(*) FROM flows", {}, [&count](const SqlRow& row) {
      count = row.Int(0);
      return true;
    });
  }));
  return count;
}

}  // namespace

base::Result<LoadResult> Load(Catalog& catalog, const LoadPlan& plan) {
  TAPIARY_ASSIGN(const std::int64_t before, CountFlows(catalog));
  LoadResult result;
  std::vector<base::Result<>> outcomes(plan.sensors);
  const double cpu = CpuSeconds();
  const std::int64_t from = base::SteadyNow();
  {
    std::vector<std::jthread> threads;
    for (std::uint64_t sensor = 0; sensor < plan.sensors; ++sensor) {
      threads.emplace_back([&, sensor] { outcomes[sensor] = LoadSensor(catalog, plan, sensor); });
    }
  }
  result.seconds = static_cast<double>(base::SteadyNow() - from) / 1e9;
  result.cpu_seconds = CpuSeconds() - cpu;
  for (auto& outcome : outcomes) TAPIARY_TRY(outcome);
  TAPIARY_ASSIGN(const std::int64_t after, CountFlows(catalog));
  result.flows = static_cast<std::uint64_t>(after - before);
  return result;
}

}  // namespace tapiary::bench
