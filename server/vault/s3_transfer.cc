#include "server/vault/s3_transfer.h"

#include <curl/curl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/text.h"
#include "server/http/curl_setup.h"

namespace tapiary::server {
namespace {

constexpr std::size_t kMaxIdle = 64;
constexpr std::size_t kMaxHeaderBytes = 64 * 1024;
constexpr long kConnectionAgeS = 60;  // the name may have moved (UP-06)
constexpr std::uint64_t kSlowestBytesPerS = 256 * 1024;

// State of one exchange, for the callbacks.
struct Exchange {
  const S3Call& call;
  S3Answer answer{};
  std::uint64_t sent = 0;
  std::size_t header_bytes = 0;
  const char* fault = nullptr;  // why a callback ended it
};

char Lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

std::size_t TakeBody(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (size > exchange.call.max_answer - exchange.answer.body.size()) {
    exchange.fault = "the server sends more than was asked for";
    return size == 0 ? 1 : 0;
  }
  exchange.answer.body.append(data, size);
  return size;
}

std::size_t TakeHeader(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.header_bytes += size;
  if (exchange.header_bytes > kMaxHeaderBytes) {
    exchange.fault = "the server sends headers without end";
    return 0;
  }
  const std::string_view line(data, size);
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return size;
  std::string name(line.substr(0, colon));
  std::transform(name.begin(), name.end(), name.begin(), Lower);
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && (value.front() == ' ' || value.front() == '\t')) value.remove_prefix(1);
  while (!value.empty() && static_cast<unsigned char>(value.back()) <= ' ') value.remove_suffix(1);
  S3Answer& answer = exchange.answer;
  if (name == "content-length") answer.content_length = value;
  if (name == "content-range") answer.content_range = value;
  if (name == "etag") answer.etag = value;
  if (name == "date") answer.date = value;
  if (name == "retry-after") answer.retry_after = value;
  return size;
}

std::size_t GiveBody(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const S3Call& call = exchange.call;
  if (call.fd < 0) {
    const std::size_t part = std::min<std::size_t>(size, call.text.size() - exchange.sent);
    std::memcpy(data, call.text.data() + exchange.sent, part);
    exchange.sent += part;
    return part;
  }
  const auto part =
      static_cast<std::size_t>(std::min<std::uint64_t>(size, call.size - exchange.sent));
  ssize_t got = 0;
  do {
    got = ::pread(call.fd, data, part, static_cast<off_t>(call.offset + exchange.sent));
  } while (got < 0 && errno == EINTR);
  if (got < 0 || (got == 0 && part > 0)) {
    exchange.fault = "the scratch file cannot be read";
    return CURL_READFUNC_ABORT;
  }
  exchange.sent += static_cast<std::uint64_t>(got);
  return static_cast<std::size_t>(got);
}

// A kept connection that turns out dead makes libcurl begin again.
int SeekBody(void* user, curl_off_t offset, int origin) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (origin != SEEK_SET || offset < 0) return CURL_SEEKFUNC_CANTSEEK;
  exchange.sent = static_cast<std::uint64_t>(offset);
  return CURL_SEEKFUNC_OK;
}

base::Result<> SetConnection(CURL* easy, const S3TransferOptions& options) {
  TAPIARY_TRY(SetCurlConnection(easy, {.protocols = "http,https",
                                       .ca_file = options.ca_file,
                                       .connect_timeout_ns = options.connect_timeout_ns,
                                       .stall_ns = options.stall_ns}));
  CurlSetter set(easy);
  TAPIARY_SET(CURLOPT_USERAGENT, "tapiary-collector/" TAPIARY_VERSION);
  TAPIARY_SET(CURLOPT_MAXAGE_CONN, kConnectionAgeS);
  TAPIARY_SET(CURLOPT_MAXLIFETIME_CONN, 5 * kConnectionAgeS);
  TAPIARY_SET(CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
  return set.result();
}

base::Result<> SetExchange(CURL* easy, Exchange& exchange, std::int64_t stall_ns) {
  const S3Call& call = exchange.call;
  const std::uint64_t size = call.fd < 0 ? call.text.size() : call.size;
  CurlSetter set(easy);
  TAPIARY_SET(CURLOPT_URL, call.url.c_str());
  TAPIARY_SET(CURLOPT_WRITEFUNCTION, TakeBody);
  TAPIARY_SET(CURLOPT_WRITEDATA, &exchange);
  TAPIARY_SET(CURLOPT_HEADERFUNCTION, TakeHeader);
  TAPIARY_SET(CURLOPT_HEADERDATA, &exchange);
  if (call.method == "HEAD") {
    TAPIARY_SET(CURLOPT_NOBODY, 1L);
  } else if (call.method == "PUT" || call.method == "POST") {
    TAPIARY_SET(CURLOPT_UPLOAD, 1L);
    TAPIARY_SET(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(size));
    TAPIARY_SET(CURLOPT_READFUNCTION, GiveBody);
    TAPIARY_SET(CURLOPT_READDATA, &exchange);
    TAPIARY_SET(CURLOPT_SEEKFUNCTION, SeekBody);
    TAPIARY_SET(CURLOPT_SEEKDATA, &exchange);
  }
  TAPIARY_SET(CURLOPT_CUSTOMREQUEST, call.method.c_str());
  if (call.method == "HEAD") TAPIARY_SET(CURLOPT_CUSTOMREQUEST, nullptr);
  // One that sends a byte now and then is not for ever alive either (UP-05).
  const std::uint64_t moved = size + call.max_answer;
  TAPIARY_SET(CURLOPT_TIMEOUT_MS,
              static_cast<long>(2 * stall_ns / base::kNanosPerMilli +
                                static_cast<long>(moved * 1000 / kSlowestBytesPerS)));
  return set.result();
}

base::Error Explain(CURLcode code, const Exchange& exchange, const char* detail) {
  const char* const reason = exchange.fault != nullptr ? exchange.fault
                             : detail[0] != '\0'       ? detail
                                                       : curl_easy_strerror(code);
  const std::string text = base::EscapeBytes(std::string_view(reason));
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
      return base::MakeError(base::ErrorCode::kInvalid,
                             text + " (is vault.s3.ca the file of the store's authority?)");
    default:
      return base::MakeError(base::ErrorCode::kUnavailable, text);
  }
}

}  // namespace

struct S3Transfer::Impl {
  S3TransferOptions options;
  std::mutex mutex;
  std::vector<CurlEasy> idle;  // guarded by mutex

  CurlEasy Take() {
    const std::lock_guard lock(mutex);
    if (idle.empty()) return CurlEasy(curl_easy_init());
    CurlEasy easy = std::move(idle.back());
    idle.pop_back();
    return easy;
  }
  void GiveBack(CurlEasy easy) {
    curl_easy_reset(easy.get());  // keeps its connections
    const std::lock_guard lock(mutex);
    if (idle.size() < kMaxIdle) idle.push_back(std::move(easy));
  }
};

S3Transfer::S3Transfer(S3TransferOptions options) : impl_(new Impl) {
  InitCurl();
  impl_->options = std::move(options);
}

S3Transfer::~S3Transfer() = default;

base::Result<S3Answer> S3Transfer::Perform(const S3Call& call) {
  CurlEasy easy = impl_->Take();
  const CurlList headers = MakeCurlHeaders(call.headers);
  if (!easy || !headers) {
    return base::MakeError(base::ErrorCode::kUnavailable, "libcurl: out of memory");
  }
  Exchange exchange{call};
  std::array<char, CURL_ERROR_SIZE> detail{};
  TAPIARY_TRY(SetConnection(easy.get(), impl_->options));
  TAPIARY_TRY(SetExchange(easy.get(), exchange, impl_->options.stall_ns));
  CurlSetter set(easy.get());
  TAPIARY_SET(CURLOPT_HTTPHEADER, headers.get());
  TAPIARY_SET(CURLOPT_ERRORBUFFER, detail.data());
  TAPIARY_TRY(set.result());
  const CURLcode code = curl_easy_perform(easy.get());
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  impl_->GiveBack(std::move(easy));
  if (code != CURLE_OK) return Explain(code, exchange, detail.data());
  exchange.answer.status = static_cast<int>(status);
  return std::move(exchange.answer);
}

}  // namespace tapiary::server
