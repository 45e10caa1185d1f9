// Sweeper: removes what a crash left in the vault between an object and its catalog row.
//
// An object is an orphan when it carries this catalog's tag, has been visible for at least the
// age limit, and no segment row names it. The age is far above what any upload takes, so nothing
// that a collector of the same catalog is about to write a row for is touched; objects of other
// catalogs have other tags. Any error ends a sweep without a removal.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "server/catalog/catalog.h"
#include "server/vault/vault.h"

namespace tapiary::server {

// Eight hex digits, the same for every collector of this catalog; made by the first one.
base::Result<std::string> CatalogTag(Catalog& catalog);

struct SweepReport {
  std::uint64_t objects = 0;    // with the tag and of that age
  std::uint64_t orphans = 0;    // removed
  std::uint64_t leftovers = 0;  // unfinished writes removed
};
// One sweep. kConflict, and nothing removed, when so many objects have no row that this is more
// likely a catalog restored from a backup than the trace of crashes.
base::Result<SweepReport> SweepOrphans(const Catalog& catalog, Vault& vault, const std::string& tag,
                                       std::int64_t min_age_ns, const std::atomic<bool>& stop);

// Sweeps at once and then every hour, on a thread of its own, until destroyed.
class Sweeper {
 public:
  // Catalog and vault must outlive it.
  Sweeper(const Catalog& catalog, Vault& vault, std::string tag, std::int64_t min_age_ns);
  ~Sweeper();
  Sweeper(const Sweeper&) = delete;
  Sweeper& operator=(const Sweeper&) = delete;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tapiary::server
