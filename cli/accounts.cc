#include "cli/accounts.h"

#include <CLI/CLI.hpp>

namespace tapiary::cli {
namespace {

constexpr const char* kDefaultCatalog = "/var/lib/tapiary/catalog.sqlite";

}  // namespace

void AddAccountOptions(CLI::App& app, AccountOptions* options) {
  app.add_option("--catalog", options->catalog,
                 "on the collector's host: its catalog, a file or postgresql://...")
      ->envname("TAPIARY_CATALOG")
      ->default_str(kDefaultCatalog);
  AddCollectorOptions(app, &options->collector);
}

base::Result<std::unique_ptr<Accounts>> OpenAccounts(const AccountOptions& options) {
  const bool remote = !options.collector.url.empty();
  if (remote && !options.catalog.empty()) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           "both a catalog and a collector are named, as options or by "
                           "TAPIARY_CATALOG and TAPIARY_COLLECTOR: name one");
  }
  if (remote) return OpenRemoteAccounts(options.collector);
  return OpenLocalAccounts(options.catalog.empty() ? kDefaultCatalog : options.catalog);
}

}  // namespace tapiary::cli
