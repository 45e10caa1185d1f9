// Retention's work: removes what the plan says, in short transactions, so that ingest never waits
// long, and writes down in the same transactions what was removed: `retained` (per sensor and kind:
// from when on everything is there), items.removed_ns, and an audit row.
//
// Packets: the row goes and the object's name is put into `vault_trash` in one transaction; then
// the object goes, then its name. So a crash at any point leaves no row without its object and no
// object that nobody knows. On a full disk, where not even that can be written, the object goes
// first; its row follows. One thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/result.h"
#include "server/catalog/catalog.h"
#include "server/retention/plan.h"
#include "server/vault/vault.h"

namespace tapiary::server {

struct PurgeContext {
  Catalog& catalog;
  Vault& vault;
  const SensorNames& names;
  const std::atomic<bool>& stop;
  std::int64_t now_ns = 0;
};

// What was removed; also when an error ended it early.
base::Result<StoredAmount> RunPurge(const PurgeContext& context, const Purge& purge);
// Drops the part, in milliseconds; row by row when some of its rows are pinned.
base::Result<StoredAmount> RunPartPurge(const PurgeContext& context, const PartPurge& purge);
// Removes the objects in `vault_trash`; the number of them.
base::Result<std::uint64_t> EmptyTrash(Catalog& catalog, Vault& vault,
                                       const std::atomic<bool>& stop);
// Hours that had only pinned rows left are looked at again from now on: pins may be gone.
base::Result<> ForgetSpared(Catalog& catalog);

}  // namespace tapiary::server
