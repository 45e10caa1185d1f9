#include "uplink/http_client.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <mutex>
#include <utility>

#include "base/digest.h"
#include "base/text.h"

namespace tapiary::uplink {

namespace {

using base::ErrorCode;
using base::MakeError;

constexpr std::size_t kMaxDetail = 4096;
constexpr long kLowSpeedBytes = 16;  // per second: slower is a stall, a slow link is not
constexpr std::size_t kMaxHeader = 256;

struct CurlString {
  char* text = nullptr;
  CurlString() = default;
  CurlString(const CurlString&) = delete;
  CurlString& operator=(const CurlString&) = delete;
  ~CurlString() { curl_free(text); }
};

struct FreeUrl {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct FreeList {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct FreeEasy {
  void operator()(CURL* easy) const { curl_easy_cleanup(easy); }
};
struct FreeMulti {
  void operator()(CURLM* multi) const { curl_multi_cleanup(multi); }
};

void InitCurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

base::Result<HostPort> SplitUrl(const std::string& text, bool https_only) {
  const std::unique_ptr<CURLU, FreeUrl> url(curl_url());
  CurlString scheme, host, port;
  const unsigned flags = https_only ? 0 : CURLU_NON_SUPPORT_SCHEME | CURLU_DEFAULT_SCHEME;
  if (curl_url_set(url.get(), CURLUPART_URL, text.c_str(), flags) != CURLUE_OK ||
      curl_url_get(url.get(), CURLUPART_SCHEME, &scheme.text, 0) != CURLUE_OK ||
      curl_url_get(url.get(), CURLUPART_HOST, &host.text, 0) != CURLUE_OK) {
    return MakeError(ErrorCode::kInvalid, fmt::format("'{}' is no URL", base::EscapeBytes(text)));
  }
  if (https_only && std::strcmp(scheme.text, "https") != 0) {
    return MakeError(ErrorCode::kInvalid,
                     fmt::format("the collector's URL must begin with https://, not {}://",
                                 base::EscapeBytes(scheme.text)));
  }
  HostPort result;
  result.host = host.text;
  if (result.host.size() > 2 && result.host.front() == '[') {  // IPv6
    result.host = result.host.substr(1, result.host.size() - 2);
  }
  result.port = 1080;  // libcurl's default for proxies
  if (curl_url_get(url.get(), CURLUPART_PORT, &port.text, https_only ? CURLU_DEFAULT_PORT : 0) ==
      CURLUE_OK) {
    result.port = static_cast<std::uint16_t>(std::strtoul(port.text, nullptr, 10));
  }
  return result;
}

std::string_view Trim(std::string_view text) {
  while (!text.empty() && std::strchr(" \t\r\n", text.front()) != nullptr) text.remove_prefix(1);
  while (!text.empty() && std::strchr(" \t\r\n", text.back()) != nullptr) text.remove_suffix(1);
  return text;
}

std::size_t TakeBody(char* data, std::size_t size, std::size_t count, void* user) {
  std::string& detail = static_cast<Answer*>(user)->detail;
  const std::size_t bytes = size * count;
  detail.append(data, std::min(bytes, kMaxDetail - detail.size()));
  return bytes;
}

std::size_t TakeHeader(char* data, std::size_t size, std::size_t count, void* user) {
  auto& answer = *static_cast<Answer*>(user);
  const std::string_view line(data, size * count);
  const auto take = [&line](std::string_view name, std::string& to) {
    if (line.size() <= name.size() || line[name.size()] != ':') return;
    if (strncasecmp(line.data(), name.data(), name.size()) != 0) return;
    to = Trim(line.substr(name.size() + 1).substr(0, kMaxHeader));
  };
  take("Retry-After", answer.retry_after);
  take("Date", answer.date);
  take("Tapiary-Segment-Age", answer.segment_age);
  return size * count;
}

long Seconds(std::int64_t time_ns) {
  return std::max<long>(1, static_cast<long>(time_ns / base::kNanosPerSecond));
}

}  // namespace

base::Result<HostPort> UplinkHost(const HttpOptions& options) {
  InitCurl();
  TAPIARY_ASSIGN(HostPort host, SplitUrl(options.url, true));
  if (options.proxy.empty()) return host;
  return SplitUrl(options.proxy, false);
}

struct HttpClient::Impl {
  struct Lane {
    std::unique_ptr<CURL, FreeEasy> easy;
    std::unique_ptr<curl_slist, FreeList> headers;
    std::string body;
    Answer answer;
    std::array<char, CURL_ERROR_SIZE> error{};
    bool busy = false;
  };

  HttpOptions options;
  std::string token;
  // Lanes go before the multi handle: each is taken out of it first.
  std::unique_ptr<CURLM, FreeMulti> multi;
  std::array<Lane, kLanes> lanes;

  ~Impl() {
    for (Lane& lane : lanes) Remove(lane);
  }

  void Remove(Lane& lane) {
    if (lane.busy) curl_multi_remove_handle(multi.get(), lane.easy.get());
    lane.busy = false;
    lane.body = {};
  }

  base::Result<> Prepare(Lane& lane);
  base::Result<> SetHeaders(Lane& lane);
};

namespace {

// Sets options one by one and remembers the first that libcurl refused: an option that is silently
// not set may be the one that checks certificates (UP-07).
class Setter {
 public:
  explicit Setter(CURL* easy) : easy_(easy) {}
  template <class Value>
  void operator()(CURLoption option, Value value, const char* name) {
    if (failed_ != nullptr) return;
    if (curl_easy_setopt(easy_, option, value) != CURLE_OK) failed_ = name;
  }
  [[nodiscard]] base::Result<> result() const {
    if (failed_ == nullptr) return {};
    return MakeError(ErrorCode::kInvalid, fmt::format("libcurl does not take {}", failed_));
  }

 private:
  CURL* easy_;
  const char* failed_ = nullptr;
};

#define TAPIARY_SET(option, value) set(option, value, #option)

base::Result<> SetTls(CURL* easy, const HttpOptions& options) {
  Setter set(easy);
  TAPIARY_SET(CURLOPT_PROTOCOLS_STR, "https");
  TAPIARY_SET(CURLOPT_SSL_VERIFYPEER, 1L);
  TAPIARY_SET(CURLOPT_SSL_VERIFYHOST, 2L);
  TAPIARY_SET(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!options.ca_file.empty()) {
    TAPIARY_SET(CURLOPT_CAINFO, options.ca_file.c_str());
    TAPIARY_SET(CURLOPT_CAPATH, nullptr);  // only what was named
  }
  TAPIARY_SET(CURLOPT_PROXY, options.proxy.c_str());  // "" also ignores the environment (UP-09)
  TAPIARY_SET(CURLOPT_NOPROXY, "");
  TAPIARY_SET(CURLOPT_HEADEROPT, static_cast<long>(CURLHEADER_SEPARATE));
  TAPIARY_SET(CURLOPT_FOLLOWLOCATION, 0L);
  return set.result();
}

base::Result<> SetTransfer(CURL* easy, const HttpOptions& options) {
  Setter set(easy);
  TAPIARY_SET(CURLOPT_NOSIGNAL, 1L);
  // A cancelled transfer leaves its resolver thread behind: waiting for it held up the stop for as
  // long as DNS does not answer.
  TAPIARY_SET(CURLOPT_QUICK_EXIT, 1L);
  TAPIARY_SET(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  TAPIARY_SET(CURLOPT_CUSTOMREQUEST, "PUT");
  TAPIARY_SET(CURLOPT_USERAGENT, "tapiary-sensor/" TAPIARY_VERSION);
  TAPIARY_SET(CURLOPT_CONNECTTIMEOUT_MS,
              static_cast<long>(options.connect_timeout_ns / base::kNanosPerMilli));
  TAPIARY_SET(CURLOPT_LOW_SPEED_LIMIT, kLowSpeedBytes);
  TAPIARY_SET(CURLOPT_LOW_SPEED_TIME, Seconds(options.stall_ns));
  TAPIARY_SET(CURLOPT_TCP_KEEPALIVE, 1L);
  TAPIARY_SET(CURLOPT_MAXAGE_CONN, Seconds(options.max_connection_age_ns));
  TAPIARY_SET(CURLOPT_MAXLIFETIME_CONN, Seconds(options.max_connection_age_ns));
  TAPIARY_SET(CURLOPT_UPLOAD_BUFFERSIZE, 256L * 1024);
  if (options.bytes_per_s > 0) {
    const std::int64_t each = options.bytes_per_s / static_cast<std::int64_t>(HttpClient::kLanes);
    TAPIARY_SET(CURLOPT_MAX_SEND_SPEED_LARGE,
                static_cast<curl_off_t>(std::max<std::int64_t>(each, 1024)));
  }
  TAPIARY_SET(CURLOPT_WRITEFUNCTION, TakeBody);
  TAPIARY_SET(CURLOPT_HEADERFUNCTION, TakeHeader);
  return set.result();
}

}  // namespace

base::Result<> HttpClient::Impl::Prepare(Lane& lane) {
  lane.easy.reset(curl_easy_init());
  if (!lane.easy) return MakeError(ErrorCode::kInternal, "libcurl: out of memory");
  TAPIARY_TRY(SetTls(lane.easy.get(), options));
  TAPIARY_TRY(SetTransfer(lane.easy.get(), options));
  Setter set(lane.easy.get());
  TAPIARY_SET(CURLOPT_ERRORBUFFER, lane.error.data());
  TAPIARY_SET(CURLOPT_WRITEDATA, &lane.answer);
  TAPIARY_SET(CURLOPT_HEADERDATA, &lane.answer);
  return set.result();
}

base::Result<> HttpClient::Impl::SetHeaders(Lane& lane) {
  const std::string digest = base::FormatContentDigest(base::Sha256Of(base::AsBytes(lane.body)));
  curl_slist* list = nullptr;
  for (const std::string& header : {"Authorization: Bearer " + token, "Content-Digest: " + digest,
                                    std::string("Content-Type: application/octet-stream"),
                                    std::string("Expect:") /* never wait for a 100 (UP-02) */}) {
    curl_slist* longer = curl_slist_append(list, header.c_str());
    if (longer == nullptr) {
      curl_slist_free_all(list);
      return MakeError(ErrorCode::kInternal, "libcurl: out of memory");
    }
    list = longer;
  }
  lane.headers.reset(list);
  Setter set(lane.easy.get());
  TAPIARY_SET(CURLOPT_HTTPHEADER, list);
  return set.result();
}

HttpClient::HttpClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HttpClient::~HttpClient() = default;

base::Result<std::unique_ptr<HttpClient>> HttpClient::Make(const HttpOptions& options) {
  InitCurl();
  TAPIARY_TRY(SplitUrl(options.url, true));
  auto impl = std::make_unique<Impl>();
  impl->options = options;
  while (!impl->options.url.empty() && impl->options.url.back() == '/') {
    impl->options.url.pop_back();
  }
  impl->multi.reset(curl_multi_init());
  if (!impl->multi) return MakeError(ErrorCode::kInternal, "libcurl: out of memory");
  for (Impl::Lane& lane : impl->lanes) TAPIARY_TRY(impl->Prepare(lane));
  return std::unique_ptr<HttpClient>(new HttpClient(std::move(impl)));
}

void HttpClient::set_token(std::string token) {
  impl_->token = std::move(token);
}

bool HttpClient::Busy(std::size_t lane) const {
  return impl_->lanes[lane].busy;
}

base::Result<> HttpClient::Start(std::size_t number, const std::string& path, std::string body,
                                 bool fresh) {
  Impl::Lane& lane = impl_->lanes[number];
  lane.body = std::move(body);
  lane.answer = {};
  lane.error[0] = '\0';
  TAPIARY_TRY(impl_->SetHeaders(lane));
  const std::string url = impl_->options.url + path;
  Setter set(lane.easy.get());
  TAPIARY_SET(CURLOPT_URL, url.c_str());
  TAPIARY_SET(CURLOPT_POSTFIELDS, lane.body.data());  // not copied: lives in the lane
  TAPIARY_SET(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(lane.body.size()));
  TAPIARY_SET(CURLOPT_FRESH_CONNECT, fresh ? 1L : 0L);
  // A new connection at the end of the old one's life goes where the name is then (UP-06).
  const long known_s = std::min(60L, Seconds(impl_->options.max_connection_age_ns));
  TAPIARY_SET(CURLOPT_DNS_CACHE_TIMEOUT, fresh ? 0L : known_s);
  TAPIARY_TRY(set.result());
  if (curl_multi_add_handle(impl_->multi.get(), lane.easy.get()) != CURLM_OK) {
    return MakeError(ErrorCode::kInternal, "libcurl: cannot start a transfer");
  }
  lane.busy = true;
  return {};
}

void HttpClient::Cancel(std::size_t lane) {
  impl_->Remove(impl_->lanes[lane]);
}

std::vector<HttpClient::Done> HttpClient::Poll(std::int64_t wait_ns) {
  CURLM* multi = impl_->multi.get();
  int running = 0;
  curl_multi_perform(multi, &running);
  std::vector<Done> done;
  const auto collect = [&] {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      const CURLcode code = message->data.result;
      const CURL* easy = message->easy_handle;  // the message dies with the handle's removal
      for (std::size_t i = 0; i < kLanes; ++i) {
        Impl::Lane& lane = impl_->lanes[i];
        if (!lane.busy || lane.easy.get() != easy) continue;
        long status = 0;
        curl_easy_getinfo(lane.easy.get(), CURLINFO_RESPONSE_CODE, &status);
        // An answer that came before the body was sent counts too: 413, 401.
        if (code == CURLE_OK || code == CURLE_SEND_ERROR) {
          lane.answer.status = static_cast<int>(status);
        }
        if (code != CURLE_OK) {
          lane.answer.error = lane.error[0] != '\0' ? lane.error.data() : curl_easy_strerror(code);
          lane.answer.certificate = code == CURLE_PEER_FAILED_VERIFICATION;
        }
        impl_->Remove(lane);
        done.push_back({i, std::move(lane.answer)});
        break;
      }
    }
  };
  collect();
  if (!done.empty()) return done;
  const auto wait_ms =
      static_cast<int>(std::clamp<std::int64_t>(wait_ns / base::kNanosPerMilli, 1, 60'000));
  curl_multi_poll(multi, nullptr, 0, wait_ms, nullptr);
  curl_multi_perform(multi, &running);
  collect();
  return done;
}

void HttpClient::Wake() {
  curl_multi_wakeup(impl_->multi.get());
}

}  // namespace tapiary::uplink
