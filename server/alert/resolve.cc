#include "server/alert/resolve.h"

#include <netdb.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <future>
#include <memory>
#include <thread>
#include <utility>

namespace tapiary::server {

base::Result<std::vector<std::string>> ResolveAddresses(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  if (code != 0) {
    return base::MakeError(base::ErrorCode::kUnavailable,
                           std::string("the host's name: ") + ::gai_strerror(code));
  }
  std::vector<std::string> addresses;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(one->ai_addr, one->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) != 0) {
      continue;
    }
    if (std::ranges::find(addresses, text.data()) == addresses.end()) {
      addresses.emplace_back(text.data());
    }
  }
  ::freeaddrinfo(list);
  if (!addresses.empty()) return addresses;
  return base::MakeError(base::ErrorCode::kUnavailable, "the host's name has no address");
}

base::Result<std::vector<std::string>> ResolveFor(const AddressResolver& resolve,
                                                  const std::string& host, std::int64_t limit_ns) {
  using Answer = base::Result<std::vector<std::string>>;
  // Shared with the look-up, which may outlive this call.
  const auto promise = std::make_shared<std::promise<Answer>>();
  std::future<Answer> future = promise->get_future();
  std::thread([promise, resolve, host] { promise->set_value(resolve(host)); }).detach();
  if (future.wait_for(std::chrono::nanoseconds(limit_ns)) != std::future_status::ready) {
    return base::MakeError(base::ErrorCode::kUnavailable, "the host's name: no answer in time");
  }
  return future.get();
}

}  // namespace tapiary::server
