#include "server/query/flow_lookup.h"

#include <fmt/core.h>

#include <vector>

namespace tapiary::server {

SqlCondition FlowsOfAddress(std::string_view columns, FlowSide side, const AddressKey& address,
                            std::int64_t from_ns, std::int64_t to_ns) {
  return {fmt::format("SELECT {} FROM flow_batches b CROSS JOIN flows f WHERE b.received_ns >= ? "
                      "AND b.received_ns <= ? AND f.received_ns = b.received_ns AND f.{} = ?",
                      columns, side == FlowSide::kOriginator ? "orig_ip" : "resp_ip"),
          {from_ns, to_ns, std::vector<std::uint8_t>(address.begin(), address.end())}};
}

}  // namespace tapiary::server
