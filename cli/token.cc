#include "cli/token.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <limits>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "base/text.h"
#include "cli/table.h"
#include "server/auth/tokens.h"

namespace tapiary::cli {
namespace {

struct Options {
  std::string catalog = "/var/lib/tapiary/catalog.sqlite";
  std::string name;
  std::string scope;
  std::string expires;
  std::int64_t id = 0;
  Format format = Format::kTable;
};

base::Result<std::unique_ptr<server::Catalog>> Open(const Options& options) {
  const bool url = options.catalog.starts_with("postgres");
  if (!url) return server::Catalog::Open({.path = options.catalog, .readers = 1});
  return server::Catalog::Open({.url = options.catalog, .readers = 1});
}

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

base::Result<ExitCode> Create(const Options& options) {
  const auto scope = server::ParseScope(options.scope);
  if (!scope) return base::MakeError(base::ErrorCode::kInvalid, "no such scope");
  TAPIARY_ASSIGN(const auto expires_ns, ExpiryOf(options.expires));
  TAPIARY_ASSIGN(const auto catalog, Open(options));
  TAPIARY_ASSIGN(const std::string token,
                 server::CreateToken(*catalog, {options.name, *scope, expires_ns}));
  // It cannot be shown again, so a reader that did not get it must not see success.
  if (fmt::print("{}\n", token); std::fflush(stdout) != 0) {
    return base::MakeError(base::ErrorCode::kIo, "cannot write the token to stdout");
  }
  return ExitCode::kOk;
}

Cell TimeCell(const std::optional<std::int64_t>& time_ns) {
  return time_ns ? Cell(base::FormatTime(*time_ns)) : Cell();
}

base::Result<ExitCode> List(const Options& options) {
  TAPIARY_ASSIGN(const auto catalog, Open(options));
  TAPIARY_ASSIGN(const auto tokens, server::ListTokens(*catalog));
  Table table({"id", "name", "scope", "created", "expires", "last_used", "revoked"});
  for (const server::TokenInfo& token : tokens) {
    table.Add({token.id, token.name, token.scope, base::FormatTime(token.created_ns),
               TimeCell(token.expires_ns), TimeCell(token.last_used_ns),
               TimeCell(token.revoked_ns)});
  }
  table.Print(options.format, stdout);
  return ExitCode::kOk;
}

base::Result<ExitCode> Revoke(const Options& options) {
  TAPIARY_ASSIGN(const auto catalog, Open(options));
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
    verb->add_option("--catalog", options->catalog, "the collector's catalog")
        ->envname("TAPIARY_CATALOG")
        ->capture_default_str();
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
  CLI::App* list = add("list", "all tokens, without their text", List);
  AddFormatOption(*list, &options->format);
  CLI::App* revoke = add("revoke", "end a token at once", Revoke);
  revoke->add_option("ID", options->id, "as shown by list")->required();
}

}  // namespace tapiary::cli
