// Inside ingest: a later (or earlier) part of a flow whose row is there, and what the rows of a
// batch add to the catalog's totals. Called inside Catalog::Write.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "capture/records.h"
#include "server/catalog/catalog.h"
#include "server/ingest/rows.h"

namespace tapiary::server {

// What flow_batches has for one time of reception.
struct BatchTotals {
  std::int64_t flows = 0;
  double packets = 0;
  double bytes = 0;
};
using BatchChanges = std::map<std::int64_t, BatchTotals>;

// The columns of a flow's row: its key, then what a newer part changes.
inline constexpr std::size_t kFlowKeys = 3;
inline constexpr std::size_t kFlowColumnCount = 26;
inline constexpr std::size_t kFlowReceived = 23;  // where received_ns is
std::string_view FlowColumns();
// Appends the values of those columns.
void AppendFlowValues(std::int64_t sensor_id, const capture::FlowRecord& flow,
                      std::int64_t received_ns, std::vector<SqlValue>* values);

// Joins a part to the flow that is there. What that moves is added to *changes.
base::Result<Added> AddPart(SqlWriter& writer, std::int64_t sensor_id, std::int64_t received_ns,
                            capture::FlowRecord flow, BatchChanges* changes);
// Adds a new flow to the totals.
void CountFlow(const capture::FlowRecord& flow, BatchTotals* totals);
// Writes them to flow_batches.
base::Result<> StoreChanges(SqlWriter& writer, const BatchChanges& changes);
// The addresses of an item's flows, new or there already: an AddressFilter of all, an AddressList
// of each end's. Where two items were received at the same time, any flow may have any.
struct BatchAddresses {
  std::vector<std::uint8_t> filter, orig, resp;
};
BatchAddresses AddressesOf(std::span<const capture::FlowRecord> flows);
base::Result<> StoreAddresses(SqlWriter& writer, std::int64_t received_ns,
                              BatchAddresses addresses);

}  // namespace tapiary::server
