#include "server/vault/s3_client.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <random>
#include <thread>

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "base/text.h"
#include "server/vault/s3_xml.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kLongestWaitNs = 5 * base::kNanosPerSecond;
constexpr std::int64_t kSkewToTellNs = 60 * base::kNanosPerSecond;
constexpr std::int64_t kLatestS = 4'102'444'800;  // 2100: nanoseconds cannot overflow
constexpr std::int64_t kRetryForNs = 25 * base::kNanosPerSecond;  // no new attempt after that

struct Hint {
  const char* code;
  base::ErrorCode error;
  const char* text;
};
using base::ErrorCode;
// What the store says, and what a person can do about it.
constexpr Hint kHints[] = {
    {"NoSuchKey", ErrorCode::kNotFound, "there is no such object"},
    {"NoSuchUpload", ErrorCode::kNotFound, "there is no such upload"},
    {"NoSuchBucket", ErrorCode::kUnavailable,
     "there is no such bucket: make it, or correct vault.s3.bucket"},
    {"InvalidAccessKeyId", ErrorCode::kPermission,
     "the store does not know the access key: correct the credentials"},
    {"SignatureDoesNotMatch", ErrorCode::kPermission,
     "the secret key is wrong: correct the credentials"},
    {"RequestTimeTooSkewed", ErrorCode::kPermission,
     "the clocks of collector and store differ by more than 15 minutes, and the store's own time "
     "does not help: set them"},
    {"ExpiredToken", ErrorCode::kPermission,
     "the session token has expired: renew the credentials"},
    {"AccessDenied", ErrorCode::kPermission,
     "access denied: give the key read, write, list and delete rights in the bucket"},
    {"QuotaExceeded", ErrorCode::kUnavailable,
     "no room: the store's quota is used up; raise it or delete"},
    {"PermanentRedirect", ErrorCode::kUnavailable,
     "the bucket is elsewhere: correct vault.s3.endpoint and vault.s3.region"},
    {"AuthorizationHeaderMalformed", ErrorCode::kUnavailable,
     "wrong region: correct vault.s3.region"},
    {"SlowDown", ErrorCode::kUnavailable, "the store asks to slow down"},
};

base::Error ForStatus(int status) {
  if (status == 404) return base::MakeError(ErrorCode::kNotFound, "there is no such object");
  if (status == 401 || status == 403) {
    return base::MakeError(ErrorCode::kPermission,
                           "not allowed: check the credentials, their rights and the clock");
  }
  if (status == 507) return base::MakeError(ErrorCode::kUnavailable, "no room in the store");
  if (status >= 300 && status < 400) {
    return base::MakeError(ErrorCode::kUnavailable,
                           "redirected: correct vault.s3.endpoint and vault.s3.region");
  }
  return base::MakeError(ErrorCode::kUnavailable, "unexpected answer");
}

bool WorthRepeating(const S3Answer& answer) {
  const bool overload = answer.status == 429 || answer.status == 408 ||
                        (answer.status >= 500 && answer.status != 501 && answer.status != 507);
  return overload || (answer.status == 400 && S3ErrorCode(answer.body) == "RequestTimeout");
}

// Grows by two each time; a random half of it, so that collectors do not come back at once.
void WaitBefore(int attempt, std::int64_t first_ns, const std::string& retry_after) {
  thread_local std::minstd_rand random(std::random_device{}());
  std::int64_t wait_ns = std::min(first_ns << std::min(attempt - 1, 10), kLongestWaitNs);
  std::int64_t asked_s = 0;
  const char* const end = retry_after.data() + retry_after.size();
  if (std::from_chars(retry_after.data(), end, asked_s).ec == std::errc() && asked_s > 0) {
    wait_ns = std::max(wait_ns, std::min(asked_s, std::int64_t{5}) * base::kNanosPerSecond);
  }
  // What the store asks for is the least, and spread beyond; our own wait is the most (UP-04).
  std::uniform_int_distribution<std::int64_t> spread(asked_s > 0 ? wait_ns : wait_ns / 2,
                                                     asked_s > 0 ? wait_ns / 2 * 3 : wait_ns);
  std::this_thread::sleep_for(std::chrono::nanoseconds(spread(random)));
}

}  // namespace

std::optional<std::int64_t> S3StoreTime(const S3Answer& answer) {
  struct tm time {};
  const char* const end = ::strptime(answer.date.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &time);
  if (end == nullptr) return std::nullopt;
  const std::int64_t seconds = ::timegm(&time);
  if (seconds < 0 || seconds > kLatestS) return std::nullopt;
  return seconds * base::kNanosPerSecond;
}

S3Client::S3Client(const S3Options& options)
    : options_(options),
      transfer_({options.ca_file, options.connect_timeout_ns, options.stall_ns}) {
  const std::size_t at = options.endpoint.find("://");
  scheme_ = options.endpoint.substr(0, at);
  host_ = options.endpoint.substr(at + 3);
  if (options.virtual_host) host_ = options.bucket + "." + host_;
}

S3Call S3Client::MakeCall(const S3Request& request) const {
  S3Signable signable;
  signable.method = request.method;
  signable.path = options_.virtual_host ? "/" : "/" + options_.bucket;
  if (!request.key.empty()) {
    if (!options_.virtual_host) signable.path += '/';
    signable.path += S3Encode(request.key, true);
  }
  signable.query = request.query;
  signable.headers = request.headers;
  signable.host = host_;
  signable.payload_hash = !request.payload_hash.empty()
                              ? request.payload_hash
                              : base::ToHex(base::Sha256Of(base::AsBytes(request.text)));
  S3Call call;
  call.method = request.method;
  call.url = scheme_ + "://" + host_ + signable.path;
  if (!request.query.empty()) call.url += "?" + S3Query(request.query);
  call.headers =
      S3Sign(signable, options_.credentials, options_.region, base::WallNow() + ahead_ns_);
  call.headers.insert(call.headers.end(), request.headers.begin(), request.headers.end());
  call.headers.emplace_back("host", host_);
  call.text = request.text;
  call.fd = request.fd;
  call.offset = request.offset;
  call.size = request.size;
  call.max_answer = request.max_answer;
  return call;
}

base::Error S3Client::ErrorFor(const S3Request& request, const S3Answer& answer) const {
  const std::string code = S3ErrorCode(answer.body);
  base::Error error = ForStatus(answer.status);
  for (const Hint& hint : kHints) {
    if (code == hint.code) error = base::MakeError(hint.error, hint.text);
  }
  error.message =
      fmt::format("vault: {} {}{}{}: {} ({} {})", request.method, options_.bucket,
                  request.key.empty() ? "" : "/", request.key, error.message, answer.status, code);
  return error;
}

bool S3Client::TakeClock(const S3Answer& answer) {
  if (answer.status != 403 || S3ErrorCode(answer.body) != "RequestTimeTooSkewed") return false;
  const auto time_ns = S3StoreTime(answer);
  if (!time_ns) return false;
  const std::int64_t ahead_ns = *time_ns - base::WallNow();
  const std::int64_t before_ns = ahead_ns_.exchange(ahead_ns);
  if (std::abs(ahead_ns - before_ns) < kSkewToTellNs) return true;  // told already
  base::LogWarning("vault: the clock here is {} s {} that of {}: set it; signing by the store's",
                   std::abs(ahead_ns) / base::kNanosPerSecond, ahead_ns < 0 ? "ahead of" : "behind",
                   options_.endpoint);
  return true;
}

base::Result<S3Answer> S3Client::SendRaw(const S3Request& request) {
  const std::int64_t until_ns = base::SteadyNow() + kRetryForNs;
  bool clock_taken = false;
  for (int attempt = 1;; ++attempt) {
    const bool last = request.once || attempt >= options_.attempts || base::SteadyNow() > until_ns;
    auto answer = transfer_.Perform(MakeCall(request));  // signed anew: the time is part of it
    if (answer && !clock_taken && TakeClock(*answer)) {
      clock_taken = true;
      continue;
    }
    if (answer && !WorthRepeating(*answer)) return answer;
    if (!answer && (last || answer.error().code != ErrorCode::kUnavailable)) {
      base::Error error = answer.error().WithContext("vault: " + options_.endpoint);
      error.code = ErrorCode::kUnavailable;
      return error;
    }
    if (last) return ErrorFor(request, *answer);
    WaitBefore(attempt, options_.first_wait_ns, answer ? answer->retry_after : std::string());
  }
}

base::Result<S3Answer> S3Client::Send(const S3Request& request) {
  TAPIARY_ASSIGN(S3Answer answer, SendRaw(request));
  if (answer.status < 200 || answer.status > 299) return ErrorFor(request, answer);
  return answer;
}

}  // namespace tapiary::server
