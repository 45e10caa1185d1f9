// An HTTP server for tests that does what a real object store never does: each request gets the
// bytes that a script says, and then the connection is closed or left hanging.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace tapiary::server::test {

class HostileServer {
 public:
  // `number` counts requests from 0. An answer that ends with "<hang>" keeps the connection.
  using Script = std::function<std::string(int number, const std::string& head)>;

  explicit HostileServer(Script script) : script_(std::move(script)) {
    listener_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address);
    ::listen(listener_, 16);
    ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~HostileServer() {
    stop_ = true;
    thread_.join();
    for (const int fd : hanging_) ::close(fd);
    ::close(listener_);
  }
  HostileServer(const HostileServer&) = delete;
  HostileServer& operator=(const HostileServer&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int requests() const { return requests_; }
  std::string last_head() {
    const std::lock_guard lock(mutex_);
    return last_head_;
  }

 private:
  void Run() {
    while (!stop_) {
      pollfd waiting{listener_, POLLIN, 0};
      if (::poll(&waiting, 1, 50) <= 0) continue;
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd >= 0) Answer(fd);
    }
  }
  void Answer(int fd) {
    const timeval limit{2, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::string request;
    char buffer[65536];
    std::size_t end = std::string::npos;
    while ((end = request.find("\r\n\r\n")) == std::string::npos) {
      const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) break;
      request.append(buffer, static_cast<std::size_t>(got));
    }
    const std::size_t at = request.find("Content-Length: ");
    const std::size_t body = at < end ? std::stoul(request.substr(at + 16)) : 0;
    while (end != std::string::npos && request.size() < end + 4 + body) {
      const ssize_t got = ::recv(fd, buffer, sizeof buffer, 0);
      if (got <= 0) break;
      request.append(buffer, static_cast<std::size_t>(got));
    }
    {
      const std::lock_guard lock(mutex_);
      last_head_ = request.substr(0, end);
    }
    std::string answer = script_(requests_++, request.substr(0, end));
    const bool hang = answer.ends_with("<hang>");
    if (hang) answer.resize(answer.size() - 6);
    for (std::size_t sent = 0; sent < answer.size();) {
      const ssize_t put = ::send(fd, answer.data() + sent, answer.size() - sent, MSG_NOSIGNAL);
      if (put <= 0) break;
      sent += static_cast<std::size_t>(put);
    }
    if (hang) {
      hanging_.push_back(fd);
    } else {
      ::close(fd);
    }
  }

  Script script_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::atomic<int> requests_{0};
  std::mutex mutex_;
  std::string last_head_;  // guarded by mutex_
  std::vector<int> hanging_;
  std::thread thread_;
};

}  // namespace tapiary::server::test
