#include "cli/user.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "base/clock.h"
#include "cli/account_verb.h"
#include "cli/secret_input.h"

namespace tapiary::cli {
namespace {

struct Options {
  AccountOptions accounts;
  std::string name;
  std::string role;
  std::string password_file;
  bool generate = false;
  bool must_change = false;
  Format format = Format::kTable;
};

// Read before anything is opened, so that nothing waits for a person.
base::Result<PasswordWish> NewPassword(const Options& options) {
  PasswordWish wish;
  wish.must_change = options.must_change;
  if (options.generate) return wish;
  TAPIARY_ASSIGN(wish.text, ReadNewPassword(options.password_file));
  if (wish.text.empty()) {  // which would mean: make one
    return base::MakeError(base::ErrorCode::kInvalid, "the password is empty");
  }
  return wish;
}

base::Result<ExitCode> Tell(const std::string& made) {
  return made.empty() ? ExitCode::kOk : ShowOnce(made);
}

base::Result<ExitCode> Create(const Options& options) {
  TAPIARY_ASSIGN(const PasswordWish wish, NewPassword(options));
  TAPIARY_ASSIGN(const auto accounts, OpenAccounts(options.accounts));
  const auto role = server::ParseRole(options.role).value_or(server::Scope::kViewer);
  TAPIARY_ASSIGN(const std::string made, accounts->CreateUser(options.name, role, wish));
  return Tell(made);
}

base::Result<ExitCode> List(const Options& options) {
  TAPIARY_ASSIGN(const auto accounts, OpenAccounts(options.accounts));
  TAPIARY_ASSIGN(const auto users, accounts->ListUsers());
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
  TAPIARY_ASSIGN(const PasswordWish wish, NewPassword(options));
  TAPIARY_ASSIGN(const auto accounts, OpenAccounts(options.accounts));
  TAPIARY_ASSIGN(const std::string made, accounts->SetPassword(options.name, wish));
  return Tell(made);
}

base::Result<ExitCode> Change(const Options& options, const server::UserChange& change) {
  TAPIARY_ASSIGN(const auto accounts, OpenAccounts(options.accounts));
  TAPIARY_TRY(accounts->ChangeUser(options.name, change));
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
  TAPIARY_ASSIGN(const auto accounts, OpenAccounts(options.accounts));
  TAPIARY_TRY(accounts->RemoveUser(options.name));
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
  const auto add = [&](const char* name, const char* summary, auto function) {
    return AddAccountVerb(app, &options->accounts, run, name, summary,
                          [options, function] { return function(*options); });
  };
  const auto add_named = [&](const char* name, const char* summary, auto function) {
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
