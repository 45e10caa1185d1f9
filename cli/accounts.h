// Where `tapiary user` and `tapiary token` work: the catalog on the collector's own host, or a
// collector over its API (docs/users.md) with an administrator's token.
//
// The API decides what a token may; on the host whoever can open the catalog may do everything.
// Passwords and tokens are given back once and kept nowhere. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "cli/collector_options.h"
#include "server/auth/tokens.h"
#include "server/auth/users.h"

namespace CLI {
class App;
}

namespace tapiary::cli {

struct AccountOptions {
  std::string catalog{};  // SQLite's file, or PostgreSQL's URL
  CollectorOptions collector{};
};

struct TokenWish {
  std::string name{};
  std::string scope{};
  std::string lifetime{};  // "30d"; empty: for ever
  std::string user{};      // whose it is; empty: nobody's
};

struct PasswordWish {
  std::string text{};  // empty: make one
  bool must_change = false;
};

class Accounts {
 public:
  virtual ~Accounts() = default;

  // The token's text.
  virtual base::Result<std::string> CreateToken(const TokenWish& wish) = 0;
  virtual base::Result<std::string> RotateToken(std::int64_t id, const std::string& overlap) = 0;
  virtual base::Result<> RevokeToken(std::int64_t id) = 0;
  virtual base::Result<std::vector<server::TokenInfo>> ListTokens() = 0;

  // The password that was made, or "". One that was made must be changed.
  virtual base::Result<std::string> CreateUser(const std::string& name, server::Scope role,
                                               const PasswordWish& password) = 0;
  virtual base::Result<std::string> SetPassword(const std::string& name,
                                                const PasswordWish& password) = 0;
  virtual base::Result<> ChangeUser(const std::string& name, const server::UserChange& change) = 0;
  virtual base::Result<> RemoveUser(const std::string& name) = 0;
  virtual base::Result<std::vector<server::User>> ListUsers() = 0;
};

// Adds --catalog, --collector, --token-file and --ca. *options must outlive app.
void AddAccountOptions(CLI::App& app, AccountOptions* options);

// The collector when one is named, else the catalog. kInvalid when both are.
base::Result<std::unique_ptr<Accounts>> OpenAccounts(const AccountOptions& options);

// The two kinds.
base::Result<std::unique_ptr<Accounts>> OpenLocalAccounts(const std::string& catalog);
base::Result<std::unique_ptr<Accounts>> OpenRemoteAccounts(const CollectorOptions& collector);

}  // namespace tapiary::cli
