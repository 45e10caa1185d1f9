// A syslog receiver for tests: TCP or TLS, one connection after the other; behaves as told.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace tapiary::server::test {

class SyslogReceiver {
 public:
  enum class Manner {
    kReads,   // to the end, then closes
    kResets,  // reads a little and breaks the connection
    kKeeps,   // reads all and does not close
    kDeaf,    // accepts and reads nothing
  };

  explicit SyslogReceiver(Manner manner, SSL_CTX* tls = nullptr) : manner_(manner), tls_(tls) {
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
  ~SyslogReceiver() {
    stop_ = true;
    thread_.join();
    ::close(listener_);
  }
  SyslogReceiver(const SyslogReceiver&) = delete;
  SyslogReceiver& operator=(const SyslogReceiver&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  void Run() {
    while (!stop_) {
      pollfd waiting{listener_, POLLIN, 0};
      if (::poll(&waiting, 1, 20) <= 0) continue;
      const int fd = ::accept(listener_, nullptr, nullptr);
      if (fd >= 0) Serve(fd);
    }
  }
  void Serve(int fd) {
    const timeval limit{0, 200'000};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    SSL* ssl = nullptr;
    if (tls_ != nullptr) {
      ssl = SSL_new(tls_);
      SSL_set_fd(ssl, fd);
      if (SSL_accept(ssl) != 1) return End(fd, ssl);
    }
    if (manner_ == Manner::kDeaf) {
      while (!stop_) std::this_thread::sleep_for(std::chrono::milliseconds(10));
      return End(fd, ssl);
    }
    if (manner_ == Manner::kResets) {
      const linger now{1, 0};
      ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
      return End(fd, ssl);
    }
    ReadAll(fd, ssl);
    if (manner_ == Manner::kKeeps) {
      while (!stop_) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    } else if (ssl != nullptr) {
      SSL_shutdown(ssl);
    }
    End(fd, ssl);
  }
  void ReadAll(int fd, SSL* ssl) {
    char buffer[4096];
    for (;;) {
      const auto got = ssl != nullptr ? SSL_read(ssl, buffer, sizeof buffer)
                                      : static_cast<int>(::recv(fd, buffer, sizeof buffer, 0));
      if (got <= 0) return;
      const std::lock_guard lock(mutex_);
      text_.append(buffer, static_cast<std::size_t>(got));
    }
  }
  static void End(int fd, SSL* ssl) {
    if (ssl != nullptr) SSL_free(ssl);
    ::close(fd);
  }

  const Manner manner_;
  SSL_CTX* const tls_;
  int listener_;
  std::uint16_t port_ = 0;
  std::atomic<bool> stop_{false};
  std::mutex mutex_;
  std::string text_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace tapiary::server::test
