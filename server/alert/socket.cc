#include "server/alert/socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "base/clock.h"

namespace tapiary::server {
namespace {

constexpr int kStepMs = 100;

base::Error Failed(const char* what, int error) {
  base::Error failure = base::Error::FromErrno(error, what);
  failure.code = base::ErrorCode::kUnavailable;
  return failure;
}

}  // namespace

base::Result<> Socket::Wait(short events) {
  for (;;) {
    if (stop_) return base::MakeError(base::ErrorCode::kUnavailable, "the collector is stopping");
    const std::int64_t left_ms = (deadline_ns_ - base::SteadyNow()) / base::kNanosPerMilli;
    if (left_ms <= 0) return base::MakeError(base::ErrorCode::kTimeout, "no progress in time");
    pollfd waiting{fd_.get(), events, 0};
    const int ready =
        ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left_ms, kStepMs)));
    if (ready > 0) return {};  // errors show at the next call
    if (ready < 0 && errno != EINTR) return Failed("poll", errno);
  }
}

base::Result<> Socket::ConnectTo(const std::string& address, std::uint16_t port, bool datagram) {
  addrinfo hints{};
  hints.ai_socktype = datagram ? SOCK_DGRAM : SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* list = nullptr;
  if (::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &list) != 0) {
    return base::MakeError(base::ErrorCode::kInvalid, "not an address");
  }
  fd_ = base::UniqueFd(
      ::socket(list->ai_family, list->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  const int code = fd_.valid() ? ::connect(fd_.get(), list->ai_addr, list->ai_addrlen) : -1;
  const int error = errno;
  ::freeaddrinfo(list);
  if (!fd_.valid()) return Failed("socket", error);
  if (code == 0) return {};
  if (error != EINPROGRESS) return Failed("connect", error);
  TAPIARY_TRY(Wait(POLLOUT));
  int outcome = 0;
  socklen_t size = sizeof outcome;
  if (::getsockopt(fd_.get(), SOL_SOCKET, SO_ERROR, &outcome, &size) != 0) outcome = errno;
  if (outcome != 0) return Failed("connect", outcome);
  return {};
}

base::Result<> Socket::Connect(const std::vector<std::string>& addresses, std::uint16_t port,
                               bool datagram) {
  base::Result<> last = base::MakeError(base::ErrorCode::kUnavailable, "no address");
  const std::int64_t end_ns = deadline_ns_;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    // Each address has its share of the time, so that a dead one leaves some for the next.
    const std::int64_t now_ns = base::SteadyNow();
    const auto share = static_cast<std::int64_t>(addresses.size() - i);
    deadline_ns_ = now_ns + (end_ns - now_ns) / share;
    last = ConnectTo(addresses[i], port, datagram);
    deadline_ns_ = end_ns;
    if (last) return last;
  }
  return last;
}

base::Result<> Socket::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    } else if (sent < 0 && errno == EAGAIN) {
      TAPIARY_TRY(Wait(POLLOUT));
    } else if (sent < 0 && errno != EINTR) {
      return Failed("send", errno);
    }
  }
  return {};
}

base::Result<> Socket::SendDatagram(std::string_view bytes) {
  for (;;) {
    if (::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL) >= 0) return {};
    if (errno == EAGAIN) {
      TAPIARY_TRY(Wait(POLLOUT));
    } else if (errno != EINTR) {
      return Failed("send", errno);
    }
  }
}

base::Result<std::size_t> Socket::Receive(std::span<char> into) {
  for (;;) {
    const ssize_t got = ::recv(fd_.get(), into.data(), into.size(), 0);
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EAGAIN) {
      TAPIARY_TRY(Wait(POLLIN));
    } else if (errno != EINTR) {
      return Failed("receive", errno);
    }
  }
}

}  // namespace tapiary::server
