#include "cli/collector_client.h"

#include <curl/curl.h>
#include <fmt/core.h>
#include <strings.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "cli/progress.h"
#include "server/http/curl_setup.h"
#include "uplink/wire/token_file.h"

namespace tapiary::cli {
namespace {

using base::ErrorCode;
using base::MakeError;
using server::CurlEasy;
using server::CurlList;
using server::CurlSetter;

constexpr std::size_t kMaxBody = 64u << 20;
constexpr std::size_t kMaxProblem = 64u << 10;
constexpr std::size_t kMaxHeaderBytes = 64u << 10;

// State of one exchange, for the callbacks.
struct Exchange {
  CURL* easy = nullptr;
  const Transfer* transfer = nullptr;  // nullptr: into answer.body
  CollectorAnswer answer{};
  std::string problem{};
  std::size_t header_bytes = 0;
  std::optional<base::Error> fault{};  // why a callback ended it
  Progress progress{};
};

bool Failed(const CollectorAnswer& answer) {
  return answer.status >= 300 || answer.status < 200;
}

bool Take(Exchange& exchange, std::string_view part) {
  CollectorAnswer& answer = exchange.answer;
  if (answer.status == 0) {
    long status = 0;
    curl_easy_getinfo(exchange.easy, CURLINFO_RESPONSE_CODE, &status);
    answer.status = static_cast<int>(status);
    const bool told = exchange.transfer != nullptr && exchange.transfer->head && !Failed(answer);
    if (told) exchange.transfer->head(answer);
  }
  if (Failed(answer)) {
    exchange.problem.append(part.substr(0, kMaxProblem - exchange.problem.size()));
    return true;
  }
  answer.bytes += part.size();
  exchange.progress.Show(answer.bytes);
  if (exchange.transfer == nullptr) {
    if (part.size() > kMaxBody - answer.body.size()) {
      exchange.fault = MakeError(ErrorCode::kTooLarge, "the collector's answer has no end");
      return false;
    }
    answer.body.append(part);
    return true;
  }
  const base::Result<> taken = exchange.transfer->sink(part);
  if (!taken) exchange.fault = taken.error();
  return taken.has_value();
}

std::size_t TakeBody(char* data, std::size_t, std::size_t size, void* user) {
  return Take(*static_cast<Exchange*>(user), {data, size}) ? size : size + 1;
}

int AskWhetherToStop(void* user, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  auto& exchange = *static_cast<Exchange*>(user);
  if (!exchange.transfer->stopped()) return 0;
  exchange.fault = MakeError(ErrorCode::kUnavailable, "interrupted");
  return 1;
}

// PATH of `<PATH>; rel="next"`. Only a path: the token must not follow a link to another host.
std::string NextOf(std::string_view link) {
  const std::size_t end = link.find('>');
  if (!link.starts_with("</") || link.starts_with("<//") || end == link.npos) return {};
  if (link.find("rel=\"next\"", end) == link.npos) return {};
  return std::string(link.substr(1, end - 1));
}

std::size_t TakeHeader(char* data, std::size_t, std::size_t size, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  exchange.header_bytes += size;
  if (exchange.header_bytes > kMaxHeaderBytes) {
    exchange.fault = MakeError(ErrorCode::kCorrupt, "the collector sends headers without end");
    return size + 1;
  }
  std::string_view line(data, size);
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return size;
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && static_cast<unsigned char>(value.front()) <= ' ') value.remove_prefix(1);
  while (!value.empty() && static_cast<unsigned char>(value.back()) <= ' ') value.remove_suffix(1);
  const auto is = [&](std::string_view name) {
    return colon == name.size() && strncasecmp(line.data(), name.data(), colon) == 0;
  };
  CollectorAnswer& answer = exchange.answer;
  if (is("content-type")) answer.content_type = value;
  if (is("content-disposition")) answer.disposition = value;
  if (is("link")) answer.next = NextOf(value);
  if (is("tapiary-fields-not-here")) {
    answer.fields_not_here = base::EscapeBytes(value.substr(0, 1000));
  }
  if (is("tapiary-partial")) answer.partial = true;
  if (is("tapiary-live")) answer.live = value;
  if (is("tapiary-live-more")) answer.live_more = true;
  return size;
}

base::Error ExplainTransfer(CURLcode code, const char* detail) {
  std::string text =
      base::EscapeBytes(std::string_view(detail[0] != '\0' ? detail : curl_easy_strerror(code)));
  switch (code) {
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_ISSUER_ERROR:
      return MakeError(ErrorCode::kPermission,
                       "the collector's certificate is refused: " + text +
                           " (is --ca its certificate or authority, and the clock right?)");
    case CURLE_SSL_CACERT_BADFILE:
      return MakeError(ErrorCode::kInvalid, "--ca: " + text);
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
      return MakeError(ErrorCode::kUnavailable, "the answer broke off: " + text);
    default:
      return MakeError(ErrorCode::kUnavailable, text);
  }
}

std::string Encode(const Parameters& parameters) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    query += fmt::format("{}{}={}", query.empty() ? '?' : '&', EncodeSegment(name),
                         EncodeSegment(value));
  }
  return query;
}

std::string FilterOf(const Parameters& parameters) {
  const auto found = std::find_if(parameters.begin(), parameters.end(),
                                  [](const auto& pair) { return pair.first == "filter"; });
  return found == parameters.end() ? std::string() : found->second;
}

// https://HOST[:PORT], nothing behind it but slashes.
base::Result<std::string> CheckUrl(std::string url) {
  constexpr std::string_view kScheme = "https://";
  while (!url.empty() && url.back() == '/') url.pop_back();
  if (!url.starts_with(kScheme)) {
    return MakeError(ErrorCode::kInvalid, "the collector's URL begins with https://, unlike '" +
                                              base::EscapeBytes(std::string_view(url)) + "'");
  }
  const std::string_view host = std::string_view(url).substr(kScheme.size());
  if (host.empty() || host.find_first_of("/?#@ \\") != host.npos) {
    return MakeError(ErrorCode::kInvalid, "the collector's URL is https://HOST[:PORT]");
  }
  return url;
}

}  // namespace

struct CollectorClient::Impl {
  std::string url;
  std::string ca_file;
  std::string token;
  CurlEasy easy;

  base::Result<CollectorAnswer> Perform(const std::string& method, const std::string& target,
                                        const std::string* body, const Transfer* transfer,
                                        std::string_view filter);
  base::Result<> Prepare(const std::string& method, const std::string& target,
                         const std::string* body, Exchange* exchange);
};

base::Result<> CollectorClient::Impl::Prepare(const std::string& method, const std::string& target,
                                              const std::string* body, Exchange* exchange) {
  curl_easy_reset(easy.get());  // keeps its connection
  server::CurlConnection connection{.ca_file = ca_file};
  if (exchange->transfer != nullptr) connection.stall_ns = exchange->transfer->stall_ns;
  TAPIARY_TRY(server::SetCurlConnection(easy.get(), connection));
  CurlSetter set(easy.get());
  TAPIARY_SET(CURLOPT_USERAGENT, "tapiary/" TAPIARY_VERSION);
  TAPIARY_SET(CURLOPT_URL, (url + target).c_str());
  TAPIARY_SET(CURLOPT_WRITEFUNCTION, TakeBody);
  TAPIARY_SET(CURLOPT_WRITEDATA, exchange);
  TAPIARY_SET(CURLOPT_HEADERFUNCTION, TakeHeader);
  TAPIARY_SET(CURLOPT_HEADERDATA, exchange);
  if (exchange->transfer != nullptr && exchange->transfer->stopped) {
    TAPIARY_SET(CURLOPT_NOPROGRESS, 0L);
    TAPIARY_SET(CURLOPT_XFERINFOFUNCTION, AskWhetherToStop);
    TAPIARY_SET(CURLOPT_XFERINFODATA, exchange);
  }
  if (body != nullptr) {
    TAPIARY_SET(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body->size()));
    TAPIARY_SET(CURLOPT_POSTFIELDS, body->data());  // not copied: lives as long as the call
  }
  TAPIARY_SET(CURLOPT_CUSTOMREQUEST, method.c_str());
  return set.result();
}

base::Result<CollectorAnswer> CollectorClient::Impl::Perform(const std::string& method,
                                                             const std::string& target,
                                                             const std::string* body,
                                                             const Transfer* transfer,
                                                             std::string_view filter) {
  server::CurlFields fields = {{"Authorization", "Bearer " + token}};
  if (body != nullptr) fields.emplace_back("Content-Type", "application/json");
  const CurlList headers = server::MakeCurlHeaders(fields);
  if (!easy || !headers) return MakeError(ErrorCode::kInternal, "libcurl: out of memory");
  Exchange exchange;
  exchange.easy = easy.get();
  exchange.transfer = transfer;
  if (transfer != nullptr && transfer->to_file) exchange.progress = Progress(true);
  std::array<char, CURL_ERROR_SIZE> detail{};
  TAPIARY_TRY(Prepare(method, target, body, &exchange));
  CurlSetter set(easy.get());
  TAPIARY_SET(CURLOPT_HTTPHEADER, headers.get());
  TAPIARY_SET(CURLOPT_ERRORBUFFER, detail.data());
  TAPIARY_TRY(set.result());
  const CURLcode code = curl_easy_perform(easy.get());
  exchange.progress.Clear();
  long status = 0;
  curl_easy_getinfo(easy.get(), CURLINFO_RESPONSE_CODE, &status);
  curl_easy_reset(easy.get());  // forgets the buffers of this call
  if (exchange.fault) return *exchange.fault;
  if (code != CURLE_OK) return ExplainTransfer(code, detail.data()).WithContext(url);
  exchange.answer.status = static_cast<int>(status);
  if (Failed(exchange.answer)) {
    return ExplainProblem(exchange.answer.status, exchange.problem, filter);
  }
  return std::move(exchange.answer);
}

CollectorClient::CollectorClient(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
CollectorClient::~CollectorClient() = default;

base::Result<std::unique_ptr<CollectorClient>> CollectorClient::Open(CollectorOptions options) {
  TAPIARY_TRY(CompleteCollectorOptions(&options));
  auto impl = std::make_unique<Impl>();
  TAPIARY_ASSIGN(impl->url, CheckUrl(options.url));
  TAPIARY_ASSIGN(impl->token, uplink::ReadTokenFile(options.token_file));
  impl->ca_file = options.ca_file;
  server::InitCurl();
  impl->easy.reset(curl_easy_init());
  if (!impl->easy) return MakeError(ErrorCode::kInternal, "libcurl: out of memory");
  return std::unique_ptr<CollectorClient>(new CollectorClient(std::move(impl)));
}

base::Result<CollectorAnswer> CollectorClient::Get(const std::string& path,
                                                   const Parameters& parameters) {
  return impl_->Perform("GET", path + Encode(parameters), nullptr, nullptr, FilterOf(parameters));
}

base::Result<CollectorAnswer> CollectorClient::Stream(const std::string& path,
                                                      const Parameters& parameters,
                                                      const BodySink& sink) {
  return Stream(path, parameters, Transfer{.sink = sink});
}

base::Result<CollectorAnswer> CollectorClient::Stream(const std::string& path,
                                                      const Parameters& parameters,
                                                      const Transfer& transfer) {
  return impl_->Perform("GET", path + Encode(parameters), nullptr, &transfer, FilterOf(parameters));
}

base::Result<CollectorAnswer> CollectorClient::Download(const std::string& path,
                                                        const Parameters& parameters, int fd) {
  const BodySink sink = [fd](std::string_view part) {
    return base::WriteAll(fd, base::AsBytes(part), "the output");
  };
  return Stream(path, parameters, sink);
}

base::Result<CollectorAnswer> CollectorClient::Send(const std::string& method,
                                                    const std::string& path,
                                                    const std::string& json) {
  return impl_->Perform(method, path, &json, nullptr, {});
}

const std::string& CollectorClient::url() const {
  return impl_->url;
}

std::string EncodeSegment(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z') ||
                       (byte >= 'a' && byte <= 'z') || byte == '-' || byte == '.' || byte == '_' ||
                       byte == '~';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", byte);
  }
  return out;
}

}  // namespace tapiary::cli
