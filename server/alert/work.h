// Alert work: what was ingested and is still to be judged by the alert rules.
//
// A row is written in the transaction that stores an item, so a crash loses neither. All records of
// an item have its `received_ns`: that is how they are found again, by an index, in whatever order
// several collectors commit. Each collector judges what it ingested itself; what another one left
// is anybody's after a while. Who deletes the row has judged it, so no lease is needed.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/catalog/catalog.h"

namespace tapiary::server {

// Stands for this process among the collectors of a catalog; random.
std::int64_t CollectorRun();

// Inside the item's transaction. Nothing is written while no rule is on, or for other kinds than
// flows, facts, pcap and events.
base::Result<> AddAlertWork(SqlWriter& writer, std::string_view kind, std::int64_t received_ns);

struct AlertWork {
  std::int64_t id = 0;
  std::string kind;
  std::int64_t received_ns = 0;
};

inline constexpr std::int64_t kOrphanWorkNs = 3'000'000'000;

// The oldest ones, ours, and those of others from before now_ns - kOrphanWorkNs. By id.
base::Result<std::vector<AlertWork>> FindAlertWork(const Catalog& catalog, std::int64_t run,
                                                   std::int64_t now_ns, std::size_t limit);
// False when another collector was faster, which has judged it then.
base::Result<bool> FinishAlertWork(SqlWriter& writer, std::int64_t id);

}  // namespace tapiary::server
