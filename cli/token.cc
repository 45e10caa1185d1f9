#include "cli/token.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "base/clock.h"
#include "cli/account_verb.h"

namespace tapiary::cli {
namespace {

struct Options {
  AccountOptions accounts;
  TokenWish wish;
  std::string overlap = "24h";
  std::int64_t id = 0;
  Format format = Format::kTable;
};

base::Result<ExitCode> Create(const Options& options) {
  TAPIARY_ASSIGN(const auto accounts, OpenAccounts(options.accounts));
  TAPIARY_ASSIGN(const std::string token, accounts->CreateToken(options.wish));
  return ShowOnce(token);
}

base::Result<ExitCode> Rotate(const Options& options) {
  TAPIARY_ASSIGN(const auto accounts, OpenAccounts(options.accounts));
  TAPIARY_ASSIGN(const std::string token, accounts->RotateToken(options.id, options.overlap));
  return ShowOnce(token);
}

base::Result<ExitCode> List(const Options& options) {
  TAPIARY_ASSIGN(const auto accounts, OpenAccounts(options.accounts));
  TAPIARY_ASSIGN(const auto tokens, accounts->ListTokens());
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
  TAPIARY_ASSIGN(const auto accounts, OpenAccounts(options.accounts));
  TAPIARY_TRY(accounts->RevokeToken(options.id));
  return ExitCode::kOk;
}

}  // namespace

void ConfigureToken(CLI::App& app, Run* run) {
  const auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  const auto add = [&](const char* name, const char* summary, auto function) {
    return AddAccountVerb(app, &options->accounts, run, name, summary,
                          [options, function] { return function(*options); });
  };
  CLI::App* create = add("create", "make a token and print it: it is not shown again", Create);
  create->add_option("NAME", options->wish.name, "whose it is; of a sensor: the sensor's name")
      ->required();
  create->add_option("--scope", options->wish.scope, "sensor, viewer, analyst or admin")
      ->required()
      ->check(CLI::IsMember({"sensor", "viewer", "analyst", "admin"}));
  create->add_option("--expires", options->wish.lifetime, "how long it is valid (30d, 12h)");
  create->add_option("--user", options->wish.user,
                     "whose key it is: worth no more than their role; on the collector's host");
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
