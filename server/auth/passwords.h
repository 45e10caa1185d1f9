// Passwords: argon2id (RFC 9106) by libsodium, and how many are worked on at a time.
//
// One check takes 64 MiB and some tens of milliseconds of a core on purpose. A flood of logins must
// not take that many times over, so few run at once, few wait, and the rest is refused. sodium.h is
// included by passwords.cc alone. Any thread.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tapiary::server {

struct PasswordCost {
  unsigned long long passes = 2;
  std::size_t memory_bytes = 64 * 1024 * 1024;
  int at_a_time = 2;
  int waiting = 8;
  std::int64_t wait_ns = 2'000'000'000;
};

inline constexpr std::size_t kMinPassword = 12;
inline constexpr std::size_t kMaxPassword = 256;

// kInvalid, with what to do, for a new password that is shorter than 12 or longer than 256 bytes,
// holds control characters, or is (nearly) the user's name or one character over and over.
base::Result<> CheckNewPassword(std::string_view password, std::string_view user);
// A password for somebody who has none yet: 100 random bits, easy to read out.
base::Result<std::string> MakePassword();

class Passwords {
 public:
  explicit Passwords(PasswordCost cost = {}) : cost_(cost) {}

  // The text to store. kUnavailable when too many are at it.
  base::Result<std::string> Hash(std::string_view password);
  // Whether `stored` is the hash of `password`. With an empty `stored` the same work is done for
  // false, so that the time does not tell who has an account. kUnavailable as above.
  base::Result<bool> Verify(std::string_view password, const std::string& stored);
  // True when `stored` was made at another cost: make it anew at the next chance.
  [[nodiscard]] bool IsOutdated(const std::string& stored) const;

 private:
  class Place;
  base::Result<std::string> HashNow(std::string_view password) const;
  base::Result<std::string> Dummy();

  const PasswordCost cost_;
  std::mutex mutex_;  // guards all below
  std::condition_variable freed_;
  int running_ = 0;
  int waiting_ = 0;
  std::string dummy_;  // a hash that no password has; made when first needed
};

}  // namespace tapiary::server
