// Users: people with a name, a role and a password, kept in the catalog.
//
// What ends a person's access ends their sessions in the same transaction. The last administrator
// who can log in cannot be removed, disabled or given another role. Every change leaves an audit
// row with who made it. Passwords come here hashed (passwords.h). Any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/catalog/audit_row.h"
#include "server/catalog/catalog.h"
#include "server/http/handler.h"

namespace tapiary::server {

inline constexpr std::size_t kMaxUsers = 1000;

struct User {
  std::int64_t id = 0;
  std::string name;
  Scope role = Scope::kViewer;
  std::string password;  // its hash: never shown
  std::int64_t created_ns = 0;
  std::optional<std::int64_t> disabled_ns, last_login_ns;
  bool must_change = false;
  std::int64_t sessions = 0;  // ListUsers only
};

// 1 to 32 of a-z, 0-9, ".", "_" and "-", beginning with a letter or digit; not "me".
bool IsUserName(std::string_view name);
// viewer, analyst or admin; what a person may be.
std::optional<Scope> ParseRole(std::string_view text);

struct NewUser {
  std::string name;
  Scope role = Scope::kViewer;
  std::string hash;
  bool must_change = false;
};
// kExists when the name is taken, kTooLarge beyond 1,000 users.
base::Result<> CreateUser(Catalog& catalog, const NewUser& user, const Actor& actor);
base::Result<std::vector<User>> ListUsers(const Catalog& catalog);  // by name
base::Result<User> FindUser(const Catalog& catalog, std::string_view name);

struct UserChange {
  std::optional<Scope> role{};
  std::optional<bool> disabled{};
};
// kNotFound; kConflict when nobody could administer any more. Disabling ends the sessions; tokens
// of the user do not work while it lasts.
base::Result<> ChangeUser(Catalog& catalog, std::string_view name, const UserChange& change,
                          const Actor& actor);
// Ends all sessions of the user.
base::Result<> SetPassword(Catalog& catalog, std::string_view name, std::string_view hash,
                           bool must_change, const Actor& actor);
// Ends the sessions, revokes the tokens. Errors as for ChangeUser.
base::Result<> RemoveUser(Catalog& catalog, std::string_view name, const Actor& actor);
// False until the first user is made.
base::Result<bool> HasUsers(const Catalog& catalog);

}  // namespace tapiary::server
