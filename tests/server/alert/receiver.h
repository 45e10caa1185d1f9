// A syslog receiver for tests: TCP or TLS, one connection after the other; behaves as told.
#pragma once

#include <openssl/ssl.h>

#include <mutex>
#include <string>
#include <thread>

#include "tests/server/support/loopback_listener.h"

namespace tapiary::server::test {

class SyslogReceiver {
 public:
  enum class Manner {
    kReads,   // to the end, then closes
    kResets,  // reads a little and breaks the connection
    kKeeps,   // reads all and does not close
    kDeaf,    // accepts and reads nothing
  };

  explicit SyslogReceiver(Manner manner, SSL_CTX* tls = nullptr) : manner_(manner), tls_(tls) {}
  SyslogReceiver(const SyslogReceiver&) = delete;
  SyslogReceiver& operator=(const SyslogReceiver&) = delete;

  [[nodiscard]] std::uint16_t port() const { return listener_.port(); }
  std::string text() {
    const std::lock_guard lock(mutex_);
    return text_;
  }

 private:
  void Serve(int fd) {
    LimitReads(fd, {0, 200'000});
    SSL* ssl = nullptr;
    if (tls_ != nullptr) {
      ssl = SSL_new(tls_);
      SSL_set_fd(ssl, fd);
      if (SSL_accept(ssl) != 1) return End(fd, ssl);
    }
    if (manner_ == Manner::kDeaf) {
      while (!listener_.stopping()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
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
      while (!listener_.stopping()) std::this_thread::sleep_for(std::chrono::milliseconds(10));
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
  std::mutex mutex_;
  std::string text_;                                          // guarded by mutex_
  LoopbackListener listener_{[this](int fd) { Serve(fd); }};  // last: uses the others
};

}  // namespace tapiary::server::test
