#include "tests/server/http/raw_client.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>

namespace tapiary::server {
namespace {

using Clock = std::chrono::steady_clock;

SSL* AsSsl(void* pointer) {
  return static_cast<SSL*>(pointer);
}

int RemainingMs(Clock::time_point end) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(0, left.count()));
}

}  // namespace

RawClient::RawClient(std::uint16_t port, bool tls, int max_tls_version) {
  std::signal(SIGPIPE, SIG_IGN);
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int small = 16 * 1024;  // so that a client that does not read is felt soon
  setsockopt(fd_, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  const timeval limit{.tv_sec = 10, .tv_usec = 0};  // no test hangs
  setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) return;
  connected_ = true;
  if (!tls) return;
  SSL_CTX* context = SSL_CTX_new(TLS_client_method());
  context_ = context;
  if (max_tls_version != 0) {
    SSL_CTX_set_max_proto_version(context, max_tls_version);
    SSL_CTX_set_security_level(context, 0);  // else the client itself refuses old versions
  }
  ssl_ = SSL_new(context);
  SSL_set_fd(AsSsl(ssl_), fd_);
  connected_ = SSL_connect(AsSsl(ssl_)) == 1;
}

RawClient::~RawClient() {
  SSL_free(AsSsl(ssl_));
  SSL_CTX_free(static_cast<SSL_CTX*>(context_));
  close(fd_);
}

std::string RawClient::Fingerprint() const {
  X509* certificate = SSL_get1_peer_certificate(AsSsl(ssl_));
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  X509_digest(certificate, EVP_sha256(), digest.data(), &size);
  X509_free(certificate);
  std::string text;
  for (unsigned i = 0; i < size; ++i) text += fmt::format("{}{:02X}", i == 0 ? "" : ":", digest[i]);
  return text;
}

bool RawClient::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const int size = static_cast<int>(std::min<std::size_t>(bytes.size(), 1 << 20));
    const ssize_t sent = ssl_ != nullptr
                             ? SSL_write(AsSsl(ssl_), bytes.data(), size)
                             : send(fd_, bytes.data(), static_cast<std::size_t>(size), 0);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool RawClient::Fill(int timeout_ms) {
  if (ended_) return false;
  if (ssl_ == nullptr || SSL_pending(AsSsl(ssl_)) == 0) {
    pollfd wait{.fd = fd_, .events = POLLIN, .revents = 0};
    if (poll(&wait, 1, timeout_ms) != 1) return false;
  }
  std::array<char, 16384> buffer;
  const ssize_t size = ssl_ != nullptr
                           ? SSL_read(AsSsl(ssl_), buffer.data(), static_cast<int>(buffer.size()))
                           : recv(fd_, buffer.data(), buffer.size(), 0);
  ended_ = size <= 0;
  if (!ended_) kept_.append(buffer.data(), static_cast<std::size_t>(size));
  return !ended_;
}

std::string RawClient::ReadUntil(std::string_view marker, int timeout_ms) {
  const auto end = Clock::now() + std::chrono::milliseconds(timeout_ms);
  std::size_t at = kept_.find(marker);
  while (at == std::string::npos && Fill(RemainingMs(end))) at = kept_.find(marker);
  const std::size_t size = at == std::string::npos ? kept_.size() : at + marker.size();
  std::string text = kept_.substr(0, size);
  kept_.erase(0, size);
  return text;
}

std::string RawClient::ReadAnswer(bool head_only) {
  std::string answer = ReadUntil("\r\n\r\n");
  if (head_only) return answer;
  if (answer.find("Transfer-Encoding: chunked") != std::string::npos) {
    return answer + ReadUntil("0\r\n\r\n");
  }
  constexpr std::string_view kLength = "Content-Length: ";
  const std::size_t at = answer.find(kLength);
  if (at == std::string::npos) return answer;
  const std::size_t length = std::strtoull(answer.c_str() + at + kLength.size(), nullptr, 10);
  while (kept_.size() < length && Fill(20'000)) {
  }
  answer += kept_.substr(0, length);
  kept_.erase(0, length);
  return answer;
}

bool RawClient::WaitForClose(int timeout_ms) {
  const auto end = Clock::now() + std::chrono::milliseconds(timeout_ms);
  while (!ended_ && Clock::now() < end) {
    Fill(RemainingMs(end));
    kept_.clear();
  }
  return ended_;
}

std::size_t RawClient::Swallow(std::size_t size) {
  while (kept_.size() < size && Fill(20'000)) {
  }
  const std::size_t took = std::min(size, kept_.size());
  kept_.erase(0, took);
  return took;
}

}  // namespace tapiary::server
