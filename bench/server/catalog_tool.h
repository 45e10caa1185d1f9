// bench_catalog: loads a catalog with flows and asks it what the page asks, for bench/run. Each
// verb prints one line of JSON; a wrong result is an error, not a figure.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "server/catalog/catalog.h"
#include "server/vault/vault.h"

namespace tapiary::bench {

struct LoadPlan {
  std::uint64_t flows = 0;
  std::uint64_t batch = 0;
  std::uint64_t sensors = 1;  // each on a thread of its own
  std::string prefix = "bench-";
};

struct LoadResult {
  std::uint64_t flows = 0;  // counted in the catalog
  double seconds = 0;
  double cpu_seconds = 0;  // of this process
};

base::Result<LoadResult> Load(server::Catalog& catalog, const LoadPlan& plan);
// Asks the API's handlers, and pages so deep; prints the milliseconds of each question as one JSON
// object.
base::Result<> Ask(server::Catalog& catalog, server::Vault& vault, int rounds, int pages);
// Removes all flows as retention does, beside a writer; prints how long both took.
base::Result<> Purge(server::Catalog& catalog, server::Vault& vault);

}  // namespace tapiary::bench
