// The catalog that verbs about users and tokens work on: SQLite's file, or PostgreSQL's URL.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "server/catalog/catalog.h"

namespace CLI {
class App;
}

namespace tapiary::cli {

inline constexpr const char* kDefaultCatalog = "/var/lib/tapiary/catalog.sqlite";

// Adds --catalog (or TAPIARY_CATALOG); *catalog keeps its value as the default.
void AddCatalogOption(CLI::App& app, std::string* catalog);
base::Result<std::unique_ptr<server::Catalog>> OpenCatalog(const std::string& catalog);

}  // namespace tapiary::cli
