// The fastest way to the flows of one address that were received in some time: by the address index
// of each batch. Whoever looks for the flow of an event bounds it so: a flow that an event belongs
// to is received after the event, `from_ns` is the event's time by the collector's clock less what
// clocks may differ, and start_ns and end_ns are tested on what is found. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "server/query/sql.h"

namespace tapiary::server {

// Batches with their flows, to be bounded by b.received_ns, a.filter and f.received_ns =
// b.received_ns.
inline constexpr std::string_view kFlowsByBatch =
    "flow_batches b LEFT JOIN flow_addresses a ON a.received_ns = b.received_ns CROSS JOIN flows f";

enum class FlowSide : std::uint8_t { kOriginator, kResponder };

// SELECT `columns` of flows f; the caller may append " AND ..." and what follows. Both times are
// included. The time it takes grows with the number of batches between them, about 1 us each, and 4
// us for each that may have the address.
SqlCondition FlowsOfAddress(std::string_view columns, FlowSide side, const AddressKey& address,
                            std::int64_t from_ns, std::int64_t to_ns);

}  // namespace tapiary::server
