#include "cli/catalog_option.h"

#include <CLI/CLI.hpp>

namespace tapiary::cli {

void AddCatalogOption(CLI::App& app, std::string* catalog) {
  app.add_option("--catalog", *catalog, "the collector's catalog, a file or postgresql://...")
      ->envname("TAPIARY_CATALOG")
      ->capture_default_str();
}

base::Result<std::unique_ptr<server::Catalog>> OpenCatalog(const std::string& catalog) {
  const bool url = catalog.starts_with("postgres");
  if (!url) return server::Catalog::Open({.path = catalog, .readers = 1});
  return server::Catalog::Open({.url = catalog, .readers = 1});
}

}  // namespace tapiary::cli
