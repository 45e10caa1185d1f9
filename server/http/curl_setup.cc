#include "server/http/curl_setup.h"

#include <fmt/core.h>

#include <algorithm>
#include <mutex>

#include "base/clock.h"

namespace tapiary::server {

void InitCurl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

CurlList MakeCurlHeaders(const CurlFields& fields) {
  CurlList list(curl_slist_append(nullptr, "Expect:"));
  for (const auto& [name, value] : fields) {
    curl_slist* const longer = curl_slist_append(list.get(), (name + ": " + value).c_str());
    if (longer == nullptr) return nullptr;
    static_cast<void>(list.release());
    list.reset(longer);
  }
  return list;
}

base::Result<> CurlSetter::result() const {
  if (failed_ == nullptr) return {};
  return base::MakeError(base::ErrorCode::kInvalid,
                         fmt::format("libcurl does not take {}", failed_));
}

base::Result<> SetCurlConnection(CURL* easy, const CurlConnection& connection) {
  CurlSetter set(easy);
  TAPIARY_SET(CURLOPT_PROTOCOLS_STR, connection.protocols);
  TAPIARY_SET(CURLOPT_SSL_VERIFYPEER, 1L);
  TAPIARY_SET(CURLOPT_SSL_VERIFYHOST, 2L);
  TAPIARY_SET(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  if (!connection.ca_file.empty()) {
    TAPIARY_SET(CURLOPT_CAINFO, connection.ca_file.c_str());
    TAPIARY_SET(CURLOPT_CAPATH, nullptr);  // only what was named
  }
  TAPIARY_SET(CURLOPT_PROXY, "");  // also ignores the environment (UP-09)
  TAPIARY_SET(CURLOPT_FOLLOWLOCATION, 0L);
  TAPIARY_SET(CURLOPT_NOSIGNAL, 1L);
  TAPIARY_SET(CURLOPT_QUICK_EXIT, 1L);
  TAPIARY_SET(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
  TAPIARY_SET(CURLOPT_HTTP09_ALLOWED, 0L);
  TAPIARY_SET(CURLOPT_PATH_AS_IS, 1L);  // what was signed, or encoded, is what is sent
  TAPIARY_SET(CURLOPT_CONNECTTIMEOUT_MS,
              static_cast<long>(connection.connect_timeout_ns / base::kNanosPerMilli));
  TAPIARY_SET(CURLOPT_LOW_SPEED_LIMIT, 1L);
  TAPIARY_SET(CURLOPT_LOW_SPEED_TIME, static_cast<long>(std::max<std::int64_t>(
                                          1, connection.stall_ns / base::kNanosPerSecond)));
  TAPIARY_SET(CURLOPT_TCP_KEEPALIVE, 1L);
  TAPIARY_SET(CURLOPT_BUFFERSIZE, 256L * 1024);
  return set.result();
}

}  // namespace tapiary::server
