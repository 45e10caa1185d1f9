#include "server/query/flow_lookup.h"

#include <fmt/core.h>

#include <vector>

#include "server/catalog/address_filter.h"

namespace tapiary::server {

SqlCondition FlowsOfAddress(std::string_view columns, FlowSide side, const AddressKey& address,
                            std::int64_t from_ns, std::int64_t to_ns) {
  return {
      fmt::format("SELECT {} FROM {} WHERE b.received_ns >= ? AND b.received_ns <= ? AND "
                  "tapiary_may_have(a.filter, ?) AND f.received_ns = b.received_ns AND f.{} = ?",
                  columns, kFlowsByBatch, side == FlowSide::kOriginator ? "orig_ip" : "resp_ip"),
      {from_ns, to_ns, AddressHash(address),
       std::vector<std::uint8_t>(address.begin(), address.end())}};
}

}  // namespace tapiary::server
