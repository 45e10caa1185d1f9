#include "cli/user.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <optional>

#include "base/clock.h"
#include "cli/catalog_option.h"
#include "cli/secret_input.h"
#include "cli/table.h"
#include "server/auth/passwords.h"
#include "server/auth/tokens.h"
#include "server/auth/users.h"

namespace tapiary::cli {
namespace {

struct Options {
  std::string catalog = kDefaultCatalog;
  std::string name;
  std::string role;
  std::string password_file;
  bool generate = false;
  bool must_change = false;
  Format format = Format::kTable;
};

struct Password {
  std::string text;
  std::string hash;
};

// Read or made before the catalog is opened, so that nothing waits for a person.
base::Result<Password> NewPassword(const Options& options) {
  Password password;
  if (options.generate) {
    TAPIARY_ASSIGN(password.text, server::MakePassword());
  } else {
    TAPIARY_ASSIGN(password.text, ReadNewPassword(options.password_file));
    TAPIARY_TRY(server::CheckNewPassword(password.text, options.name));
  }
  server::Passwords passwords;
  TAPIARY_ASSIGN(password.hash, passwords.Hash(password.text));
  return password;
}

// It cannot be shown again, so a reader that did not get it must not see success.
base::Result<ExitCode> Tell(const Options& options, const Password& password) {
  if (!options.generate) return ExitCode::kOk;
  if (fmt::print("{}\n", password.text); std::fflush(stdout) != 0) {
    return base::MakeError(base::ErrorCode::kIo, "cannot write the password to stdout");
  }
  return ExitCode::kOk;
}

base::Result<ExitCode> Create(const Options& options) {
  server::NewUser user;
  user.name = options.name;
  user.role = server::ParseRole(options.role).value_or(server::Scope::kViewer);
  user.must_change = options.generate || options.must_change;
  if (!server::IsUserName(user.name)) {
    return base::MakeError(base::ErrorCode::kInvalid,
                           "a user's name is 1 to 32 of a-z, 0-9, '.', '_' and '-', beginning "
                           "with a letter or digit");
  }
  TAPIARY_ASSIGN(const Password password, NewPassword(options));
  user.hash = password.hash;
  TAPIARY_ASSIGN(const auto catalog, OpenCatalog(options.catalog));
  TAPIARY_TRY(server::CreateUser(*catalog, user, server::kHostActor));
  return Tell(options, password);
}

Cell TimeCell(const std::optional<std::int64_t>& time_ns) {
  return time_ns ? Cell(base::FormatTime(*time_ns)) : Cell();
}

base::Result<ExitCode> List(const Options& options) {
  TAPIARY_ASSIGN(const auto catalog, OpenCatalog(options.catalog));
  TAPIARY_ASSIGN(const auto users, server::ListUsers(*catalog));
  Table table({"name", "role", "created", "last_login", "disabled", "must_change", "sessions"});
  for (const server::User& user : users) {
    table.Add({user.name, std::string(server::ToString(user.role)),
               base::FormatTime(user.created_ns), TimeCell(user.last_login_ns),
               TimeCell(user.disabled_ns), user.must_change, user.sessions});
  }
  table.Print(options.format, stdout);
  return ExitCode::kOk;
}

base::Result<ExitCode> Passwd(const Options& options) {
  TAPIARY_ASSIGN(const Password password, NewPassword(options));
  TAPIARY_ASSIGN(const auto catalog, OpenCatalog(options.catalog));
  TAPIARY_TRY(server::SetPassword(*catalog, options.name, password.hash,
                                  options.generate || options.must_change, server::kHostActor));
  return Tell(options, password);
}

base::Result<ExitCode> Change(const Options& options, const server::UserChange& change) {
  TAPIARY_ASSIGN(const auto catalog, OpenCatalog(options.catalog));
  TAPIARY_TRY(server::ChangeUser(*catalog, options.name, change, server::kHostActor));
  return ExitCode::kOk;
}

base::Result<ExitCode> Role(const Options& options) {
  return Change(options, {.role = server::ParseRole(options.role), .disabled = {}});
}
base::Result<ExitCode> Disable(const Options& options) {
  return Change(options, {.role = {}, .disabled = true});
}
base::Result<ExitCode> Enable(const Options& options) {
  return Change(options, {.role = {}, .disabled = false});
}

base::Result<ExitCode> Remove(const Options& options) {
  TAPIARY_ASSIGN(const auto catalog, OpenCatalog(options.catalog));
  TAPIARY_TRY(server::RemoveUser(*catalog, options.name, server::kHostActor));
  return ExitCode::kOk;
}

void AddPasswordOptions(CLI::App& app, Options& options) {
  auto* file = app.add_option("--password-file", options.password_file,
                              "file whose first line is the password; - for stdin");
  app.add_flag("--generate", options.generate, "make a password and print it")->excludes(file);
  app.add_flag("--must-change", options.must_change,
               "it must be changed at the first login; always so with --generate");
}

}  // namespace

void ConfigureUser(CLI::App& app, Run* run) {
  const auto options = std::make_shared<Options>();
  app.require_subcommand(1);
  const auto add = [&](const char* name, const char* summary,
                       base::Result<ExitCode> (*function)(const Options&)) {
    CLI::App* verb = app.add_subcommand(name, summary);
    AddCatalogOption(*verb, &options->catalog);
    verb->callback([=] { *run = [=] { return function(*options); }; });
    return verb;
  };
  const auto add_named = [&](const char* name, const char* summary,
                             base::Result<ExitCode> (*function)(const Options&)) {
    CLI::App* verb = add(name, summary, function);
    verb->add_option("NAME", options->name, "of the user")->required();
    return verb;
  };
  const CLI::IsMember roles({"viewer", "analyst", "admin"});
  CLI::App* create = add_named("create", "make a user", Create);
  create->add_option("--role", options->role, "viewer, analyst or admin")->required()->check(roles);
  AddPasswordOptions(*create, *options);
  AddFormatOption(*add("list", "all users", List), &options->format);
  AddPasswordOptions(*add_named("passwd", "give a new password and end all sessions", Passwd),
                     *options);
  add_named("role", "give another role", Role)
      ->add_option("ROLE", options->role, "viewer, analyst or admin")
      ->required()
      ->check(roles);
  add_named("disable", "keep a user out and end all sessions", Disable);
  add_named("enable", "let a disabled user in again", Enable);
  add_named("remove", "remove a user, sessions and tokens for good", Remove);
}

}  // namespace tapiary::cli
