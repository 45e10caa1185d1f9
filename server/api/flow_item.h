// A flow's row as the JSON object that the API shows: the same as the sensor's own JSON of the flow
// (docs, capture/record_json.h), made of the columns and the row's compact record (flow_json.h).
// Pure.
#pragma once

#include <cstdint>
#include <string>

#include "server/catalog/catalog.h"

namespace tapiary::server {

// Of one end.
struct FlowEndColumns {
  std::string ip{};  // as text, or ""
  std::int64_t port = 0, packets = 0, bytes = 0;
};

struct FlowColumns {
  std::int64_t epoch = 0, number = 0, part = 0, stream = 0;
  std::string interface {
  }, community_id{}, service{};
  std::int64_t start_ns = 0, end_ns = 0, proto = 0, ether_type = 0;
  FlowEndColumns orig{}, resp{};
  std::int64_t transactions = 0, commands = 0;
  std::string blocks{};  // JSON
};

// What ReadFlowColumns takes, from the column `first` of the row on.
inline constexpr std::string_view kFlowItemColumns =
    "f.epoch, f.number, f.part, f.stream, f.interface, f.community_id, f.service, f.start_ns, "
    "f.end_ns, f.proto, f.ether_type, f.orig_ip, f.orig_port, f.orig_packets, f.orig_bytes, "
    "f.resp_ip, f.resp_port, f.resp_packets, f.resp_bytes, f.transactions, f.commands, f.blocks";
FlowColumns ReadFlowColumns(const SqlRow& row, std::size_t first);

}  // namespace tapiary::server
