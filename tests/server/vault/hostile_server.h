// An HTTP server for tests that does what a real object store never does: each request gets the
// bytes that a script says, and then the connection is closed or left hanging.
#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tests/server/support/loopback_listener.h"

namespace tapiary::server::test {

class HostileServer {
 public:
  // `number` counts requests from 0. An answer that ends with "<hang>" keeps the connection.
  using Script = std::function<std::string(int number, const std::string& head)>;

  explicit HostileServer(Script script) : script_(std::move(script)) {}
  ~HostileServer() {
    listener_.Stop();
    for (const int fd : hanging_) ::close(fd);
  }
  HostileServer(const HostileServer&) = delete;
  HostileServer& operator=(const HostileServer&) = delete;

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(listener_.port());
  }
  [[nodiscard]] int requests() const { return requests_; }
  std::string last_head() {
    const std::lock_guard lock(mutex_);
    return last_head_;
  }

 private:
  void Answer(int fd) {
    LimitReads(fd, {2, 0});
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
  std::atomic<int> requests_{0};
  std::mutex mutex_;
  std::string last_head_;  // guarded by mutex_
  std::vector<int> hanging_;
  LoopbackListener listener_{[this](int fd) { Answer(fd); }};  // last: uses the others
};

}  // namespace tapiary::server::test
