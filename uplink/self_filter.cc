#include "uplink/self_filter.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

#include "base/log.h"
#include "base/text.h"

namespace tapiary::uplink {

namespace {

constexpr std::size_t kMaxAddresses = 64;  // of one name: a filter has to stay small

using Addresses = base::Result<std::vector<std::string>>;

// Owned by the waiting thread and the resolving one together: whichever ends last frees it.
struct Pending {
  std::mutex mutex;  // guards answer
  std::condition_variable came;
  std::optional<Addresses> answer;
};

}  // namespace

base::Result<std::vector<std::string>> ResolveHost(const HostPort& host) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* raw = nullptr;
  const int failed = getaddrinfo(host.host.c_str(), nullptr, &hints, &raw);
  if (failed != 0) {
    return base::MakeError(
        base::ErrorCode::kUnavailable,
        fmt::format("{}: {}", base::EscapeBytes(host.host), gai_strerror(failed)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(raw, freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* one = list.get(); one != nullptr; one = one->ai_next) {
    char text[NI_MAXHOST] = {};
    // The scope of a link-local address is no part of a packet filter.
    if (getnameinfo(one->ai_addr, one->ai_addrlen, text, sizeof(text), nullptr, 0,
                    NI_NUMERICHOST) != 0) {
      continue;
    }
    std::string address(text);
    addresses.push_back(address.substr(0, address.find('%')));
  }
  std::sort(addresses.begin(), addresses.end());
  addresses.erase(std::unique(addresses.begin(), addresses.end()), addresses.end());
  return addresses;
}

Addresses ResolveWithin(const HostPort& host, std::int64_t limit_ns, Resolver resolve) {
  const auto pending = std::make_shared<Pending>();
  try {
    std::thread([pending, host, resolve = std::move(resolve)] {
      Addresses answer = resolve(host);
      const std::lock_guard lock(pending->mutex);
      pending->answer = std::move(answer);
      pending->came.notify_one();
    }).detach();
  } catch (const std::system_error& error) {
    return base::MakeError(base::ErrorCode::kUnavailable,
                           fmt::format("no thread to resolve the name: {}", error.what()));
  }
  std::unique_lock lock(pending->mutex);
  if (!pending->came.wait_for(lock, std::chrono::nanoseconds(limit_ns),
                              [&pending] { return pending->answer.has_value(); })) {
    return base::MakeError(base::ErrorCode::kUnavailable,
                           fmt::format("{}: DNS does not answer", base::EscapeBytes(host.host)));
  }
  return std::move(*pending->answer);
}

std::string ExcludeUplink(const std::string& user, const std::vector<std::string>& addresses,
                          std::uint16_t port) {
  if (addresses.empty()) return user;
  std::string hosts;
  for (const std::string& address : addresses) {
    hosts += (hosts.empty() ? "host " : " or host ") + address;
  }
  // First, because `vlan` in the user's part would move the offsets of what comes after it.
  std::string filter = fmt::format("not (tcp port {} and ({}))", port, hosts);
  if (!user.empty()) filter += fmt::format(" and ({})", user);
  return filter;
}

bool UplinkWatch::Needed(const HostPort& host) {
  in6_addr address{};
  return ::inet_pton(AF_INET, host.host.c_str(), &address) != 1 &&
         ::inet_pton(AF_INET6, host.host.c_str(), &address) != 1;
}

UplinkWatch::UplinkWatch(Options options) : options_(std::move(options)) {
  Note(options_.addresses, base::SteadyNow());
  try {
    thread_ = std::thread([this] { Run(); });
  } catch (const std::system_error& error) {
    base::LogWarning("changes of the collector's address are not followed: {}", error.what());
  }
}

UplinkWatch::~UplinkWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void UplinkWatch::Run() {
  for (;;) {
    {
      const std::int64_t pause_ns = seen_.empty() ? options_.retry_ns : options_.every_ns;
      std::unique_lock lock(mutex_);
      wake_.wait_for(lock, std::chrono::nanoseconds(pause_ns), [this] { return stopping_; });
      if (stopping_) return;
    }
    // Without an answer what is known stays so.
    const auto addresses = ResolveWithin(options_.host, base::kNanosPerSecond, options_.resolve);
    if (!addresses || !Note(*addresses, base::SteadyNow())) continue;
    std::vector<std::string> all;
    for (const auto& [address, seen_ns] : seen_) all.push_back(address);
    std::string filter = ExcludeUplink(options_.user_filter, all, options_.host.port);
    base::LogInfo("the collector's addresses have changed; capture filter: {}",
                  base::EscapeBytes(filter));
    options_.use(std::move(filter));
  }
}

// True when the addresses to leave out are others than before.
bool UplinkWatch::Note(const std::vector<std::string>& addresses, std::int64_t now_ns) {
  bool changed = false;
  for (const std::string& address : addresses) {
    if (seen_.size() >= kMaxAddresses && !seen_.contains(address)) continue;
    changed = seen_.insert_or_assign(address, now_ns).second || changed;
  }
  if (addresses.empty()) return changed;
  return std::erase_if(
             seen_, [&](const auto& one) { return now_ns - one.second > options_.keep_ns; }) > 0 ||
         changed;
}

}  // namespace tapiary::uplink
