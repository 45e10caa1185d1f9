// Accounts by the catalog itself, for whoever works on the collector's host.
#include <unistd.h>

#include <limits>
#include <optional>

#include "base/clock.h"
#include "base/text.h"
#include "cli/accounts.h"
#include "server/auth/passwords.h"
#include "server/catalog/catalog.h"

namespace tapiary::cli {
namespace {

using base::ErrorCode;
using base::MakeError;

base::Result<std::optional<std::int64_t>> ExpiryOf(const std::string& lifetime) {
  if (lifetime.empty()) return std::optional<std::int64_t>();
  const auto lifetime_ns = base::ParseDuration(lifetime);
  if (!lifetime_ns) return lifetime_ns.error().WithContext("--expires");
  const std::int64_t now_ns = base::WallNow();
  if (*lifetime_ns <= 0 || *lifetime_ns > std::numeric_limits<std::int64_t>::max() - now_ns) {
    return MakeError(ErrorCode::kInvalid,
                     "--expires: must be more than 0 and end before the year 2262");
  }
  return std::optional(now_ns + *lifetime_ns);
}

struct Password {
  std::string made{};  // empty when it was given
  std::string hash{};
};

base::Result<Password> Prepare(const std::string& user, const PasswordWish& wish) {
  Password password;
  if (wish.text.empty()) {
    TAPIARY_ASSIGN(password.made, server::MakePassword());
  } else {
    TAPIARY_TRY(server::CheckNewPassword(wish.text, user));
  }
  server::Passwords passwords;
  TAPIARY_ASSIGN(password.hash, passwords.Hash(wish.text.empty() ? password.made : wish.text));
  return password;
}

class LocalAccounts final : public Accounts {
 public:
  explicit LocalAccounts(std::unique_ptr<server::Catalog> catalog) : catalog_(std::move(catalog)) {}

  base::Result<std::string> CreateToken(const TokenWish& wish) override {
    const auto scope = server::ParseScope(wish.scope);
    if (!scope) return MakeError(ErrorCode::kInvalid, "no such scope");
    TAPIARY_ASSIGN(const auto expires_ns, ExpiryOf(wish.lifetime));
    std::int64_t user_id = 0;
    if (!wish.user.empty()) {
      TAPIARY_ASSIGN(const server::User user, server::FindUser(*catalog_, wish.user));
      user_id = user.id;
    }
    return server::CreateToken(*catalog_, {wish.name, *scope, expires_ns, user_id});
  }

  base::Result<std::string> RotateToken(std::int64_t id, const std::string& overlap) override {
    const auto overlap_ns = base::ParseDuration(overlap);
    if (!overlap_ns || *overlap_ns < 0) {
      return MakeError(ErrorCode::kInvalid, "--overlap: a time like 24h, or 0s");
    }
    TAPIARY_ASSIGN(server::MadeToken made,
                   server::RotateToken(*catalog_, id, *overlap_ns, server::HostActor()));
    return std::move(made.text);
  }

  base::Result<> RevokeToken(std::int64_t id) override {
    return server::RevokeToken(*catalog_, id);
  }

  base::Result<std::vector<server::TokenInfo>> ListTokens() override {
    return server::ListTokens(*catalog_);
  }

  base::Result<std::string> CreateUser(const std::string& name, server::Scope role,
                                       const PasswordWish& wish) override {
    if (!server::IsUserName(name)) {  // before the work of hashing
      return MakeError(ErrorCode::kInvalid,
                       "a user's name is 1 to 32 of a-z, 0-9, '.', '_' and '-', beginning "
                       "with a letter or digit");
    }
    TAPIARY_ASSIGN(Password password, Prepare(name, wish));
    const bool must_change = wish.must_change || !password.made.empty();
    TAPIARY_TRY(server::CreateUser(*catalog_, {name, role, password.hash, must_change},
                                   server::HostActor()));
    return std::move(password.made);
  }

  base::Result<std::string> SetPassword(const std::string& name,
                                        const PasswordWish& wish) override {
    TAPIARY_ASSIGN(Password password, Prepare(name, wish));
    const bool must_change = wish.must_change || !password.made.empty();
    TAPIARY_TRY(
        server::SetPassword(*catalog_, name, password.hash, must_change, server::HostActor()));
    return std::move(password.made);
  }

  base::Result<> ChangeUser(const std::string& name, const server::UserChange& change) override {
    return server::ChangeUser(*catalog_, name, change, server::HostActor());
  }

  base::Result<> RemoveUser(const std::string& name) override {
    return server::RemoveUser(*catalog_, name, server::HostActor());
  }

  base::Result<std::vector<server::User>> ListUsers() override {
    return server::ListUsers(*catalog_);
  }

 private:
  std::unique_ptr<server::Catalog> catalog_;
};

}  // namespace

base::Result<std::unique_ptr<Accounts>> OpenLocalAccounts(const std::string& catalog) {
  server::CatalogOptions options;
  const bool remote = catalog.starts_with("postgres");
  (remote ? options.url : options.path) = catalog;
  // Opening makes what is not there: a token in it would be one that no collector knows.
  if (!remote && access(catalog.c_str(), F_OK) != 0) {
    return MakeError(ErrorCode::kNotFound, "there is no catalog " + base::EscapeBytes(catalog) +
                                               ": the collector makes it at its first start; "
                                               "--catalog names it");
  }
  options.readers = 1;
  TAPIARY_ASSIGN(auto opened, server::Catalog::Open(options));
  return std::unique_ptr<Accounts>(std::make_unique<LocalAccounts>(std::move(opened)));
}

}  // namespace tapiary::cli
