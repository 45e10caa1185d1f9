// Which collector a verb asks, and as whom: options, environment, or the user's file.
//
// --collector, --token-file and --ca win over TAPIARY_COLLECTOR, TAPIARY_TOKEN_FILE and TAPIARY_CA,
// these over ~/.config/tapiary/collector.yaml ($XDG_CONFIG_HOME/tapiary/collector.yaml), whose keys
// are url, token_file and ca. The token itself is in a file, never an argument (CO-08).
// Single-threaded.
#pragma once

#include <string>

#include "base/result.h"

namespace CLI {
class App;
}

namespace tapiary::cli {

struct CollectorOptions {
  std::string url{};         // https://HOST[:PORT]
  std::string token_file{};  // only its owner may read it
  std::string ca_file{};     // PEM; empty: the system's authorities
};

// Adds --collector, --token-file and --ca. *options must outlive app.
void AddCollectorOptions(CLI::App& app, CollectorOptions* options);

// Fills what is empty from the user's file; kInvalid when the collector or the token is then still
// missing, or the file is wrong.
base::Result<> CompleteCollectorOptions(CollectorOptions* options);

// ~/.config/tapiary/collector.yaml, or "" without a home.
std::string UserCollectorFile();
base::Result<CollectorOptions> ReadCollectorFile(const std::string& path);

}  // namespace tapiary::cli
