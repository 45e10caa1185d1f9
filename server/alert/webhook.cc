#include "server/alert/webhook.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <fmt/core.h>
#include <netdb.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <memory>

#include "base/clock.h"
#include "base/text.h"

namespace tapiary::server {
namespace {

constexpr std::int64_t kLongestRetryAfterNs = base::kNanosPerHour;

// What the callbacks see. They must not throw into libcurl.
struct Transfer {
  std::string address;  // the one that was checked
  std::size_t answer_left = 0;
  std::string retry_after;
  const std::atomic<bool>* stop = nullptr;
  bool elsewhere = false;
};

std::string AddressOf(const curl_sockaddr& address) {
  std::array<char, NI_MAXHOST> text{};
  if (::getnameinfo(&address.addr, static_cast<socklen_t>(address.addrlen), text.data(),
                    text.size(), nullptr, 0, NI_NUMERICHOST) != 0) {
    return {};
  }
  return text.data();
}

// The last gate: whatever libcurl believes, no socket is opened to another address.
curl_socket_t OpenSocket(void* user, curlsocktype, curl_sockaddr* address) {
  auto& transfer = *static_cast<Transfer*>(user);
  if (AddressOf(*address) != transfer.address) {
    transfer.elsewhere = true;
    return CURL_SOCKET_BAD;
  }
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

std::size_t TakeAnswer(char*, std::size_t size, std::size_t count, void* user) {
  auto& transfer = *static_cast<Transfer*>(user);
  const std::size_t bytes = size * count;
  if (bytes > transfer.answer_left) return 0;  // ends the transfer
  transfer.answer_left -= bytes;
  return bytes;
}

std::size_t TakeHeader(char* data, std::size_t size, std::size_t count, void* user) {
  constexpr std::string_view kName = "retry-after:";
  const std::string_view line(data, size * count);
  auto& transfer = *static_cast<Transfer*>(user);
  if (line.size() > transfer.answer_left) return 0;
  transfer.answer_left -= line.size();
  if (line.size() > kName.size() && curl_strnequal(line.data(), kName.data(), kName.size()) != 0) {
    const std::size_t start = line.find_first_not_of(' ', kName.size());
    if (start != line.npos) transfer.retry_after = line.substr(start, 20);
  }
  return size * count;
}

int Progress(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return *static_cast<Transfer*>(user)->stop ? 1 : 0;
}

std::optional<std::int64_t> RetryAfter(const std::string& text) {
  std::int64_t seconds = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), seconds).ec != std::errc()) {
    return std::nullopt;
  }
  if (seconds < 0) return std::nullopt;
  return std::min(seconds, kLongestRetryAfterNs / base::kNanosPerSecond) * base::kNanosPerSecond;
}

// The address to connect to, when all that the name has are allowed.
base::Result<std::string> CheckedAddress(const AlertTarget& target, const AddressGuard& guard,
                                         const AddressResolver& resolve, std::int64_t limit_ns) {
  TAPIARY_ASSIGN(const auto addresses, ResolveFor(resolve, target.host, limit_ns));
  for (const std::string& address : addresses) TAPIARY_TRY(guard.Check(address));
  return addresses.front();
}

class Call {
 public:
  Call() : easy_(curl_easy_init(), curl_easy_cleanup) {}
  [[nodiscard]] CURL* get() const { return easy_.get(); }
  template <class T>
  void Set(CURLoption option, T value) {
    if (code_ == CURLE_OK) code_ = curl_easy_setopt(easy_.get(), option, value);
  }
  void AddHeader(const std::string& line) {
    headers_.reset(curl_slist_append(headers_.release(), line.c_str()));
  }
  void Pin(const AlertTarget& target, const std::string& address) {
    if (target.host.find(':') != std::string::npos) return;  // an address is not looked up
    const bool ipv6 = address.find(':') != std::string::npos;
    const std::string entry =
        fmt::format("{}:{}:{}", target.host, target.port, ipv6 ? "[" + address + "]" : address);
    pins_.reset(curl_slist_append(nullptr, entry.c_str()));
    Set(CURLOPT_RESOLVE, pins_.get());
  }
  CURLcode Perform() {
    Set(CURLOPT_HTTPHEADER, headers_.get());
    return code_ == CURLE_OK ? curl_easy_perform(easy_.get()) : code_;
  }

 private:
  using List = std::unique_ptr<curl_slist, void (*)(curl_slist*)>;
  List headers_{nullptr, curl_slist_free_all};  // both outlive the handle
  List pins_{nullptr, curl_slist_free_all};
  std::unique_ptr<CURL, void (*)(CURL*)> easy_;
  CURLcode code_ = CURLE_OK;
};

void SetOptions(Call& call, const AlertTarget& target, const WebhookLimits& limits,
                const std::string& body, Transfer& transfer) {
  call.Set(CURLOPT_URL, target.url.c_str());
  call.Set(CURLOPT_PROTOCOLS_STR, "https");
  call.Set(CURLOPT_FOLLOWLOCATION, 0L);
  call.Set(CURLOPT_PROXY, "");
  call.Set(CURLOPT_NOSIGNAL, 1L);
  call.Set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!target.ca_file.empty()) call.Set(CURLOPT_CAINFO, target.ca_file.c_str());
  call.Set(CURLOPT_TIMEOUT_MS, static_cast<long>(limits.total_ns / base::kNanosPerMilli));
  call.Set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  call.Set(CURLOPT_POSTFIELDS, body.c_str());
  call.Set(CURLOPT_OPENSOCKETFUNCTION, OpenSocket);
  call.Set(CURLOPT_OPENSOCKETDATA, &transfer);
  call.Set(CURLOPT_WRITEFUNCTION, TakeAnswer);
  call.Set(CURLOPT_WRITEDATA, &transfer);
  call.Set(CURLOPT_HEADERFUNCTION, TakeHeader);
  call.Set(CURLOPT_HEADERDATA, &transfer);
  call.Set(CURLOPT_NOPROGRESS, 0L);
  call.Set(CURLOPT_XFERINFOFUNCTION, Progress);
  call.Set(CURLOPT_XFERINFODATA, &transfer);
  call.Set(CURLOPT_USERAGENT, "tapiary/" TAPIARY_VERSION);
}

std::optional<SendFailure> Judge(const Call& call, CURLcode code, const Transfer& transfer) {
  if (transfer.elsewhere) return SendFailure{"the connection would go to another address", {}};
  if (code == CURLE_WRITE_ERROR) return SendFailure{"the answer is too long", {}};
  if (code != CURLE_OK) return SendFailure{base::EscapeBytes(curl_easy_strerror(code)), {}};
  long status = 0;
  curl_easy_getinfo(call.get(), CURLINFO_RESPONSE_CODE, &status);
  if (status >= 200 && status < 300) return std::nullopt;
  const bool redirect = status >= 300 && status < 400;
  return SendFailure{
      fmt::format("it answers {}{}", status, redirect ? ": a redirect, which is not followed" : ""),
      RetryAfter(transfer.retry_after)};
}

}  // namespace

std::string WebhookSignature(std::string_view secret, std::string_view body, std::int64_t now_ns) {
  const std::string text = fmt::format("{}.{}", now_ns / base::kNanosPerSecond, body);
  std::array<std::uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), base::AsBytes(text).data(),
       text.size(), digest.data(), &size);
  return fmt::format("t={},v1={}", now_ns / base::kNanosPerSecond,
                     base::ToHex(base::Bytes(digest.data(), size)));
}

std::optional<SendFailure> PostWebhook(const AlertTarget& target, const AddressGuard& guard,
                                       const AddressResolver& resolve, const WebhookLimits& limits,
                                       std::int64_t delivery, const std::string& body,
                                       const std::atomic<bool>& stop) {
  Transfer transfer;
  transfer.stop = &stop;
  transfer.answer_left = limits.answer_bytes;
  auto address = CheckedAddress(target, guard, resolve, limits.resolve_ns);
  if (!address) return SendFailure{address.error().message, {}};
  transfer.address = std::move(*address);
  Call call;
  if (call.get() == nullptr) return SendFailure{"libcurl has no memory", {}};
  SetOptions(call, target, limits, body, transfer);
  call.Pin(target, transfer.address);
  call.AddHeader("Content-Type: application/json");
  call.AddHeader("Expect:");
  call.AddHeader(fmt::format("Tapiary-Delivery: {}", delivery));
  if (!target.secret_file.empty()) {
    const auto secret = ReadSecret(target.secret_file);  // each time: it may have been replaced
    if (!secret) return SendFailure{secret.error().message, {}};
    call.AddHeader("Tapiary-Signature: " + WebhookSignature(*secret, body, base::WallNow()));
  }
  return Judge(call, call.Perform(), transfer);
}

}  // namespace tapiary::server
