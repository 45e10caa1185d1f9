// The fastest way to the flows of some addresses that were received in some time: by the list of
// the addresses of each batch (server/catalog/address_list.h). Whoever looks for the flow of an
// event bounds it so: a flow that an event belongs to is received after the event, `from_ns` is the
// event's time by the collector's clock less what clocks may differ, and start_ns and end_ns are
// tested on what is found. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/query/sql.h"

namespace tapiary::server {

enum class FlowSide : std::uint8_t { kOriginator, kResponder };

// Flows with an address from `low` to `high` at that end.
struct AddressSearch {
  FlowSide side = FlowSide::kOriginator;
  AddressKey low{};
  AddressKey high{};
};

// The tables of such a search: batches b, to be bounded by b.received_ns, with what is known of
// their addresses, and flows f. The row in between shows SQLite that what is ordered by
// b.received_ns and something of f needs no sorting but within each batch: of a virtual table right
// behind unique rows its planner (3.40) does not see that.
inline constexpr std::string_view kFlowsByBatch =
    "flow_batches b LEFT JOIN flow_addresses a ON a.received_ns = b.received_ns "
    "LEFT JOIN flow_ends e ON e.received_ns = b.received_ns CROSS JOIN (SELECT 1 AS one) o "
    "CROSS JOIN flows f";
// What they must meet, without an AND before it.
SqlCondition ConditionOf(const AddressSearch& search);

// SELECT `columns` of flows f; the caller may append " AND ..." and what follows. Both times are
// included. The time it takes grows with the number of batches between them, about 1 us each, and
// some 50 us for each that has the address.
SqlCondition FlowsOfAddress(std::string_view columns, FlowSide side, const AddressKey& address,
                            std::int64_t from_ns, std::int64_t to_ns);

}  // namespace tapiary::server
