#include "cli/collector_options.h"

#include <fmt/core.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cstdlib>

#include "base/config.h"
#include "base/file.h"

namespace tapiary::cli {
namespace {

using base::ErrorCode;
using base::MakeError;

}  // namespace

std::string UserCollectorFile() {
  const char* const folder = std::getenv("XDG_CONFIG_HOME");
  if (folder != nullptr && folder[0] == '/') return std::string(folder) + "/tapiary/collector.yaml";
  const char* const home = std::getenv("HOME");
  if (home == nullptr || home[0] != '/') return {};
  return std::string(home) + "/.config/tapiary/collector.yaml";
}

base::Result<CollectorOptions> ReadCollectorFile(const std::string& path) {
  CollectorOptions options;
  base::ConfigTable table("tapiary", "The collector that the user reads from.");
  table.Add("url", &options.url, "the collector, https://HOST:PORT");
  table.Add("token_file", &options.token_file, "file with the token");
  table.Add("ca", &options.ca_file, "certificate or authority of the collector");
  const char* const arguments[] = {"tapiary", "--config", path.c_str()};
  const auto action = table.Parse(3, arguments);
  if (!action) return action.error();
  return options;
}

void AddCollectorOptions(CLI::App& app, CollectorOptions* options) {
  app.add_option("--collector", options->url, "the collector: https://HOST:PORT")
      ->envname("TAPIARY_COLLECTOR")
      ->type_name("URL");
  app.add_option("--token-file", options->token_file, "file with the token (mode 600)")
      ->envname("TAPIARY_TOKEN_FILE")
      ->type_name("FILE");
  app.add_option("--ca", options->ca_file, "the collector's certificate or its authority, PEM")
      ->envname("TAPIARY_CA")
      ->type_name("FILE");
}

base::Result<> CompleteCollectorOptions(CollectorOptions* options) {
  const std::string path = UserCollectorFile();
  if (!path.empty() && access(path.c_str(), F_OK) == 0) {
    TAPIARY_ASSIGN(const CollectorOptions user, ReadCollectorFile(path));
    // A token goes only to the collector that the same place names: one of the file must not be
    // sent to a host that the command line names.
    const bool same = options->url.empty() || options->url == user.url;
    if (options->url.empty()) options->url = user.url;
    if (same && options->token_file.empty()) options->token_file = user.token_file;
    if (same && options->ca_file.empty()) options->ca_file = user.ca_file;
  }
  const std::string where = path.empty() ? "" : fmt::format(", or in {}", path);
  if (options->url.empty()) {
    return MakeError(ErrorCode::kInvalid,
                     "which collector? Say it with --collector or TAPIARY_COLLECTOR" + where);
  }
  if (options->token_file.empty()) {
    return MakeError(ErrorCode::kInvalid,
                     "which token? Name its file with --token-file or TAPIARY_TOKEN_FILE" + where);
  }
  return {};
}

}  // namespace tapiary::cli
