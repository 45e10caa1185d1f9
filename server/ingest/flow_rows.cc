// Rows of flows: one a flow, made of parts that may come in any order. Nearly all that come are
// new, so that a batch is inserted as one; only what is there already is looked at singly.
#include <algorithm>
#include <tuple>

#include "base/clock.h"
#include "server/ingest/flow_parts.h"
#include "server/ingest/rows.h"
#include "server/ingest/stored.h"

namespace tapiary::server {

FlowRows::FlowRows(std::int64_t sensor_id, std::span<const capture::FlowRecord> flows)
    : sensor_id_(sensor_id), flows_(flows) {
  const auto key = [&flows](std::size_t at) {
    const capture::FlowRecord& flow = flows[at];
    return std::tuple(flow.id.epoch, flow.id.number, at);
  };
  std::vector<std::size_t> order(flows.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, {}, key);
  const capture::FlowId* before = nullptr;
  std::vector<bool> again(flows.size());
  for (const std::size_t at : order) {
    again[at] = before != nullptr && *before == flows[at].id;
    before = &flows[at].id;
  }
  values_.reserve(flows.size() * kFlowColumnCount);
  for (std::size_t at = 0; at < flows.size(); ++at) {
    if (again[at]) {
      singly_.push_back(at);
      continue;
    }
    first_.push_back(at);
    AppendFlowValues(sensor_id, flows[at], 0, &values_);
  }
  addresses_ = std::make_unique<BatchAddresses>(AddressesOf(flows));
}

FlowRows::~FlowRows() = default;

base::Result<std::vector<std::size_t>> FlowRows::Add(SqlWriter& writer, std::int64_t received_ns) {
  for (std::size_t at = kFlowReceived; at < values_.size(); at += kFlowColumnCount) {
    values_[at] = received_ns;
  }
  const bool fresh = std::ranges::all_of(flows_, [](const auto& flow) { return flow.part == 0; });
  NewRows rows{"flows", FlowColumns(), kFlowColumnCount,    kFlowKeys,
               fresh,   kFlowReceived, /*over_parts=*/true, std::move(values_)};
  std::vector<std::size_t> existing;
  TAPIARY_TRY(writer.InsertNew(rows, &existing));
  values_ = std::move(rows.values);  // that are freed when nobody waits for it
  BatchChanges changes;
  CountNew(existing, &changes[received_ns]);
  for (const std::size_t row : existing) singly_.push_back(first_[row]);
  std::ranges::sort(singly_);
  std::vector<std::size_t> contradictions;
  for (const std::size_t at : singly_) {
    TAPIARY_ASSIGN(const Added added,
                   AddPart(writer, sensor_id_, received_ns, flows_[at], &changes));
    if (added == Added::kContradicts) contradictions.push_back(at);
  }
  TAPIARY_TRY(StoreChanges(writer, changes));
  if (changes[received_ns].flows > 0) {
    TAPIARY_TRY(StoreAddresses(writer, received_ns, std::move(*addresses_)));
  }
  StoredChanges stored;
  for (const auto& [batch_ns, totals] : changes) {
    StoredAmount& hour = stored[batch_ns / base::kNanosPerHour];
    hour.entries += totals.flows;
    hour.bytes += totals.flows * kFlowRowBytes;
  }
  TAPIARY_TRY(CountStored(writer, DataKind::kFlows, sensor_id_, stored));
  return contradictions;
}

void FlowRows::CountNew(const std::vector<std::size_t>& existing, BatchTotals* totals) const {
  auto skip = existing.begin();
  for (std::size_t row = 0; row < first_.size(); ++row) {
    if (skip != existing.end() && *skip == row) {
      ++skip;
    } else {
      CountFlow(flows_[first_[row]], totals);
    }
  }
}

}  // namespace tapiary::server
