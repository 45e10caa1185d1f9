#include "server/auth/passwords.h"

#include <sodium.h>

#include <algorithm>
#include <array>
#include <chrono>

#include "base/text.h"

namespace tapiary::server {
namespace {

base::Error Busy() {
  return base::MakeError(base::ErrorCode::kUnavailable,
                         "too many passwords are being checked; try again");
}

base::Error Invalid(const char* message) {
  return base::MakeError(base::ErrorCode::kInvalid, message);
}

std::string Lower(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  return lower;
}

// Once a process; false when the system has no source of random bytes.
bool Ready() {
  static const bool ready = sodium_init() >= 0;
  return ready;
}

}  // namespace

base::Result<> CheckNewPassword(std::string_view password, std::string_view user) {
  if (password.size() < kMinPassword || password.size() > kMaxPassword) {
    return Invalid("a password has 12 to 256 bytes; several words make a good one");
  }
  const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
  if (std::ranges::any_of(password, control) || !base::IsValidUtf8(password)) {
    return Invalid("a password is UTF-8 text without control characters");
  }
  if (std::ranges::all_of(password, [&](char c) { return c == password.front(); })) {
    return Invalid("the password is one character over and over");
  }
  const std::size_t at = Lower(password).find(Lower(user));
  if (!user.empty() && at != std::string::npos &&
      password.size() - user.size() < kMinPassword / 2) {
    return Invalid("the password is little more than the user's name");
  }
  return {};
}

base::Result<std::string> MakePassword() {
  if (!Ready()) return base::MakeError(base::ErrorCode::kInternal, "no random bytes");
  constexpr std::string_view kLetters = "abcdefghijkmnpqrstuvwxyz23456789";  // 32: 5 bits each
  std::string text;
  for (int i = 0; i < 20; ++i) {
    if (i > 0 && i % 5 == 0) text += '-';
    text += kLetters[randombytes_uniform(static_cast<std::uint32_t>(kLetters.size()))];
  }
  return text;
}

// One of the few places at the work.
class Passwords::Place {
 public:
  explicit Place(Passwords& owner) : owner_(owner) {
    std::unique_lock lock(owner_.mutex_);
    const auto free = [this] { return owner_.running_ < owner_.cost_.at_a_time; };
    if (!free() && owner_.waiting_ >= owner_.cost_.waiting) return;
    ++owner_.waiting_;
    taken_ = owner_.freed_.wait_for(lock, std::chrono::nanoseconds(owner_.cost_.wait_ns), free);
    --owner_.waiting_;
    if (taken_) ++owner_.running_;
  }
  ~Place() {
    if (!taken_) return;
    {
      const std::lock_guard lock(owner_.mutex_);
      --owner_.running_;
    }
    owner_.freed_.notify_one();
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  [[nodiscard]] bool taken() const { return taken_; }

 private:
  Passwords& owner_;
  bool taken_ = false;
};

base::Result<std::string> Passwords::HashNow(std::string_view password) const {
  std::array<char, crypto_pwhash_STRBYTES> text{};
  if (!Ready() || crypto_pwhash_str_alg(text.data(), password.data(), password.size(), cost_.passes,
                                        cost_.memory_bytes, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    return base::MakeError(base::ErrorCode::kUnavailable, "no memory to hash a password");
  }
  return std::string(text.data());
}

base::Result<std::string> Passwords::Hash(std::string_view password) {
  if (password.size() > kMaxPassword) return Invalid("a password has at most 256 bytes");
  const Place place(*this);
  if (!place.taken()) return Busy();
  return HashNow(password);
}

base::Result<std::string> Passwords::Dummy() {
  {
    const std::lock_guard lock(mutex_);
    if (!dummy_.empty()) return dummy_;
  }
  TAPIARY_ASSIGN(const std::string secret, MakePassword());
  TAPIARY_ASSIGN(std::string made, HashNow(secret));
  const std::lock_guard lock(mutex_);
  if (dummy_.empty()) dummy_ = std::move(made);
  return dummy_;
}

base::Result<bool> Passwords::Verify(std::string_view password, const std::string& stored) {
  if (password.size() > kMaxPassword) password = {};  // never right, and no more work than others
  const Place place(*this);
  if (!place.taken()) return Busy();
  TAPIARY_ASSIGN(const std::string dummy, Dummy());  // always, so that it is no sign of anything
  const std::string& hash = stored.empty() ? dummy : stored;
  const int wrong = crypto_pwhash_str_verify(hash.c_str(), password.data(), password.size());
  return wrong == 0 && !stored.empty() && !password.empty();
}

bool Passwords::IsOutdated(const std::string& stored) const {
  return crypto_pwhash_str_needs_rehash(stored.c_str(), cost_.passes, cost_.memory_bytes) != 0;
}

}  // namespace tapiary::server
