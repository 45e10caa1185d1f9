#include "cli/collector_options.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/config.h"
#include "base/file.h"

namespace tapiary::cli {
namespace {

using base::ErrorCode;
using base::MakeError;

constexpr std::size_t kMaxTokenBytes = 4096;

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

base::Result<std::string> ReadUserToken(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) {
    const int error = errno;
    return base::Error::FromErrno(error, "token file " + path);
  }
  if (!S_ISREG(info.st_mode) || (info.st_mode & 077) != 0) {
    return MakeError(ErrorCode::kPermission,
                     fmt::format("token file {} must be a file that only its owner can read: "
                                 "chmod 600 {}",
                                 path, path));
  }
  TAPIARY_ASSIGN(std::string token, base::ReadFile(path, kMaxTokenBytes));
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r')) token.pop_back();
  const auto bad = [](char c) { return c <= ' ' || c > '~'; };
  if (token.empty() || std::any_of(token.begin(), token.end(), bad)) {
    return MakeError(ErrorCode::kInvalid, fmt::format("token file {} holds no token", path));
  }
  return token;
}

}  // namespace tapiary::cli
