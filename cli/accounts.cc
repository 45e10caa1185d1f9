#include "cli/accounts.h"

#include <CLI/CLI.hpp>
#include <cstdlib>

namespace tapiary::cli {
namespace {

constexpr const char* kDefaultCatalog = "/var/lib/tapiary/catalog.sqlite";

bool IsEnvironment(const char* name, const std::string& value) {
  const char* const said = std::getenv(name);
  return said != nullptr && value == said;
}

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
    // Whoever reads by TAPIARY_COLLECTOR may still name the catalog at hand: an option counts more.
    const bool catalog_said = !IsEnvironment("TAPIARY_CATALOG", options.catalog);
    const bool url_said = !IsEnvironment("TAPIARY_COLLECTOR", options.collector.url);
    if (catalog_said != url_said) {
      return catalog_said ? OpenLocalAccounts(options.catalog)
                          : OpenRemoteAccounts(options.collector);
    }
    return base::MakeError(base::ErrorCode::kInvalid,
                           "both a catalog and a collector are named, by options or both by "
                           "TAPIARY_CATALOG and TAPIARY_COLLECTOR: name one");
  }
  if (remote) return OpenRemoteAccounts(options.collector);
  return OpenLocalAccounts(options.catalog.empty() ? kDefaultCatalog : options.catalog);
}

}  // namespace tapiary::cli
