// Login: how a password or a token becomes a session, and what each request's proof is worth.
//
// The limits on attempts are in login_limits.h (in the catalog, for all collectors) and attempts.h
// (in this process, so that a flood does not reach the catalog). Wrong name, wrong password and
// disabled user are one answer, after the same work. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/auth/attempts.h"
#include "server/auth/login_limits.h"
#include "server/auth/passwords.h"
#include "server/auth/sessions.h"
#include "server/catalog/catalog.h"
#include "server/http/handler.h"
#include "server/http/server.h"

namespace tapiary::server {

// What all of auth works with. The references must outlive it.
struct AuthContext {
  Catalog& catalog;
  Attempts& attempts;  // wrong tokens
  Attempts& logins;    // wrong passwords
  Passwords& passwords;
  SessionLimits sessions{};
  LoginLimit limit{};
};

// The HTTP server's Authenticator: a token, a session, or a user that a trusted proxy names (who
// must exist here).
base::Result<Identity> Authenticate(const AuthContext& context, const Credential& credential,
                                    const std::string& peer);

struct LoginTry {
  std::string_view user;      // with `password`
  std::string_view password;  //
  std::string_view token;     // or this
  std::string_view peer;
  std::string_view agent;       // User-Agent
  std::string_view old_cookie;  // a session that ends when the new one begins
};
struct LoginAnswer {
  enum class Outcome : std::uint8_t { kIn, kWrong, kWait };
  Outcome outcome = Outcome::kWrong;
  std::int64_t wait_ns = 0;  // kWait
  std::string cookie;        // kIn: the session's text
  Identity identity;         // kIn
};
// An error is one of the catalog's, or kUnavailable when too many log in at once.
base::Result<LoginAnswer> LogIn(const AuthContext& context, const LoginTry& attempt);

// A person who is logged in gives a new password. All of their sessions end, a new one begins.
// kWrong when the old password is wrong; kInvalid when the new one is no good.
base::Result<LoginAnswer> ChangePassword(const AuthContext& context, const Identity& identity,
                                         const LoginTry& attempt, std::string_view new_password);

}  // namespace tapiary::server
