#include "cli/token.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/text.h"
#include "cli/catalog_option.h"
#include "cli/table.h"
#include "server/auth/tokens.h"
#include "server/auth/users.h"

namespace tapiary::cli {
namespace {

struct Options {
  std::string catalog = kDefaultCatalog;
  std::string name;
  std::string scope;
  std::string expires;
  std::string user;
  std::string overlap = "24h";
  std::int64_t id = 0;
  Format format = Format::kTable;
};

base::Result<std::optional<std::int64_t>> ExpiryOf(const std::string& text) {
  if (text.empty()) return std::optional<std::int64_t>();
  const auto lifetime_ns = base::ParseDuration(text);
  if (!lifetime_ns) return lifetime_ns.error().WithContext("--expires");
  const std::int64_t now_ns = base::WallNow();
  if (*lifetime_ns <= 0 || *lifetime_ns > std::numeric_limits<std::int64_t>::max() - now_ns) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           "--expires: must be more than 0 and end before the year 2262");
  }
  return std::optional(now_ns + *lifetime_ns);
}

// It cannot be shown again, so a reader that did not get it must not see success.
base::Result<ExitCode> Show(const std::string& token) {
  if (fmt::print("{}\n", token); std::fflush(stdout) != 0) {
    return base::MakeError(base::ErrorCode::kIo, "cannot write the token to stdout");
  }
  return ExitCode::kOk;
}

base::Result<ExitCode> Create(const Options& options) {
  const auto scope = server::ParseScope(options.scope);
  if (!scope) return base::MakeError(base::ErrorCode::kInvalid, "no such scope");
  TAPIARY_ASSIGN(const auto expires_ns, ExpiryOf(options.expires));
  TAPIARY_ASSIGN(const auto catalog, OpenCatalog(options.catalog));
  std::int64_t user_id = 0;
  if (!options.user.empty()) {
    TAPIARY_ASSIGN(const server::User user, server::FindUser(*catalog, options.user));
    user_id = user.id;
  }
  TAPIARY_ASSIGN(const std::string token,
                 server::CreateToken(*catalog, {options.name, *scope, expires_ns, user_id}));
  return Show(token);
}

base::Result<ExitCode> Rotate(const Options& options) {
  const auto overlap_ns = base::ParseDuration(options.overlap);
  if (!overlap_ns || *overlap_ns < 0) {
    return base::MakeError(base::ErrorCode::kInvalid, "--overlap: a time like 24h, or 0s");
  }
  TAPIARY_ASSIGN(const auto catalog, OpenCatalog(options.catalog));
  TAPIARY_ASSIGN(const server::MadeToken made,
                 server::RotateToken(*catalog, options.id, *overlap_ns, server::kHostActor));
  return Show(made.text);
}

Cell TimeCell(const std::optional<std::int64_t>& time_ns) {
  return time_ns ? Cell(base::FormatTime(*time_ns)) : Cell();
}

base::Result<ExitCode> List(const Options& options) {
  TAPIARY_ASSIGN(const auto catalog, OpenCatalog(options.catalog));
  TAPIARY_ASSIGN(const auto tokens, server::ListTokens(*catalog));
  Table table({"id", "name", "scope", "user", "created", "expires", "last_used", "revoked"});
  for (const server::TokenInfo& token : tokens) {
    table.Add({token.id, token.name, token.scope, token.user.empty() ? Cell() : Cell(token.user),
               base::FormatTime(token.created_ns), TimeCell(token.expires_ns),
               TimeCell(token.last_used_ns), TimeCell(token.revoked_ns)});
  }
  table.Print(options.format, stdout);
  return ExitCode::kOk;
}

base::Result<ExitCode> Revoke(const Options& options) {
  TAPIARY_ASSIGN(const auto catalog, OpenCatalog(options.catalog));
  TAPIARY_TRY(server::RevokeToken(*catalog, options.id));
  return ExitCode::kOk;
}

}  // namespace

void ConfigureToken(CLI::App& app, Run* run) {
  const auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  const auto add = [&](const char* name, const char* summary,
                       base::Result<ExitCode> (*function)(const Options&)) {
    CLI::App* verb = app.add_subcommand(name, summary);
    AddCatalogOption(*verb, &options->catalog);
    verb->callback([=] { *run = [=] { return function(*options); }; });
    return verb;
  };
  CLI::App* create = add("create", "make a token and print it: it is not shown again", Create);
  create->add_option("NAME", options->name, "whose it is; of a sensor: the sensor's name")
      ->required();
  create->add_option("--scope", options->scope, "sensor, viewer, analyst or admin")
      ->required()
      ->check(CLI::IsMember({"sensor", "viewer", "analyst", "admin"}));
  create->add_option("--expires", options->expires, "how long it is valid (30d, 12h)");
  create->add_option("--user", options->user, "whose key it is: worth no more than their role");
  CLI::App* list = add("list", "all tokens, without their text", List);
  AddFormatOption(*list, &options->format);
  CLI::App* revoke = add("revoke", "end a token at once", Revoke);
  revoke->add_option("ID", options->id, "as shown by list")->required();
  CLI::App* rotate = add("rotate", "make another like it; the old one ends a little later", Rotate);
  rotate->add_option("ID", options->id, "as shown by list")->required();
  rotate->add_option("--overlap", options->overlap, "how long the old one still works")
      ->capture_default_str();
}

}  // namespace tapiary::cli
