#include "bench/server/ingest/uploader.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <algorithm>
#include <cstring>
#include <utility>
#include <vector>

namespace tapiary::bench {
namespace {

constexpr long kConnectTimeoutMs = 10'000;
constexpr long kStallSeconds = 30;
constexpr std::size_t kMaxText = 2048;

struct Sender {
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  std::shared_ptr<const Item> item;
  Uploader::Done done;
  UploadAnswer answer;
};

std::size_t TakeText(char* data, std::size_t size, std::size_t count, void* user) {
  std::string& text = static_cast<Sender*>(user)->answer.text;
  text.append(data, std::min(size * count, kMaxText - std::min(kMaxText, text.size())));
  return size * count;
}

std::size_t TakeHeader(char* data, std::size_t size, std::size_t count, void* user) {
  if (size * count > 12 && strncasecmp(data, "retry-after:", 12) == 0) {
    static_cast<Sender*>(user)->answer.retry_after = true;
  }
  return size * count;
}

}  // namespace

struct Uploader::Impl {
  CURLM* multi = curl_multi_init();
  curl_slist* connect_to = nullptr;
  std::string scheme;
  std::string port;
  std::vector<Sender> senders;
  std::size_t under_way = 0;

  void Prepare(std::size_t index, const std::string& ca_file);
  void Finish(CURL* easy, CURLcode code);
};

void Uploader::Impl::Prepare(std::size_t index, const std::string& ca_file) {
  Sender& sender = senders[index];
  sender.easy = curl_easy_init();
  CURL* easy = sender.easy;
  curl_easy_setopt(easy, CURLOPT_PRIVATE, &sender);
  curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connect_to);
  curl_easy_setopt(easy, CURLOPT_CAINFO, ca_file.c_str());
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, kConnectTimeoutMs);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, kStallSeconds);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, TakeText);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &sender);
  curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, TakeHeader);
  curl_easy_setopt(easy, CURLOPT_HEADERDATA, &sender);
}

void Uploader::Impl::Finish(CURL* easy, CURLcode code) {
  char* user = nullptr;
  curl_easy_getinfo(easy, CURLINFO_PRIVATE, &user);
  Sender& sender = *reinterpret_cast<Sender*>(user);
  long status = 0;
  curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME, &sender.answer.seconds);
  sender.answer.status = code == CURLE_OK ? static_cast<int>(status) : 0;
  if (code != CURLE_OK) sender.answer.text = curl_easy_strerror(code);
  curl_multi_remove_handle(multi, easy);
  curl_slist_free_all(std::exchange(sender.headers, nullptr));
  sender.item.reset();
  --under_way;
  const Done done = std::move(sender.done);
  done(std::exchange(sender.answer, {}));
}

Uploader::Uploader(const std::string& url, const std::string& ca_file, std::size_t senders)
    : impl_(std::make_unique<Impl>()) {
  const std::string authority = url.substr(url.find("://") + 3);
  impl_->scheme = url.substr(0, url.find("://"));
  impl_->port = authority.substr(authority.rfind(':') + 1);
  impl_->connect_to = curl_slist_append(nullptr, ("::" + authority).c_str());
  curl_multi_setopt(impl_->multi, CURLMOPT_MAXCONNECTS, static_cast<long>(senders * 2));
  impl_->senders.resize(senders);
  for (std::size_t i = 0; i < senders; ++i) impl_->Prepare(i, ca_file);
}

Uploader::~Uploader() {
  for (const Sender& sender : impl_->senders) {
    curl_multi_remove_handle(impl_->multi, sender.easy);
    curl_easy_cleanup(sender.easy);
    curl_slist_free_all(sender.headers);
  }
  curl_multi_cleanup(impl_->multi);
  curl_slist_free_all(impl_->connect_to);
}

void Uploader::Send(std::size_t index, const std::string& authorization,
                    std::shared_ptr<const Item> item, Done done) {
  Sender& sender = impl_->senders[index];
  sender.item = std::move(item);
  sender.done = std::move(done);
  const Item& what = *sender.item;
  const auto add = [&sender](const std::string& line) {
    sender.headers = curl_slist_append(sender.headers, line.c_str());
  };
  add("Authorization: " + authorization);
  add("Content-Type: " + what.type);
  if (!what.digest.empty()) add("Content-Digest: " + what.digest);
  add("Expect:");
  if (what.kind == "events") add(fmt::format("Idempotency-Key: {}-{}", what.epoch, what.seq));
  const std::string url =
      fmt::format("{}://s{}.test:{}{}", impl_->scheme, index, impl_->port, what.path);
  curl_easy_setopt(sender.easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(sender.easy, CURLOPT_POSTFIELDS, what.body.data());
  curl_easy_setopt(sender.easy, CURLOPT_POSTFIELDSIZE_LARGE,
                   static_cast<curl_off_t>(what.body.size()));
  curl_easy_setopt(sender.easy, CURLOPT_CUSTOMREQUEST, what.method.c_str());
  curl_easy_setopt(sender.easy, CURLOPT_HTTPHEADER, sender.headers);
  ++impl_->under_way;
  curl_multi_add_handle(impl_->multi, sender.easy);
}

void Uploader::Poll(int ms) {
  int running = 0;
  curl_multi_perform(impl_->multi, &running);
  int left = 0;
  bool any = false;
  while (const CURLMsg* message = curl_multi_info_read(impl_->multi, &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    any = true;
    impl_->Finish(message->easy_handle, message->data.result);
  }
  if (!any) curl_multi_poll(impl_->multi, nullptr, 0, ms, nullptr);
}

std::size_t Uploader::under_way() const {
  return impl_->under_way;
}

}  // namespace tapiary::bench
