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

#include "base/text.h"

namespace tapiary::uplink {

namespace {

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

}  // namespace tapiary::uplink
