// A client for tests that sends exactly the bytes it is given, over TLS or plain, and reads with a
// time limit. One thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapiary::server {

class RawClient {
 public:
  // Connects to 127.0.0.1. max_tls_version: 0 or a TLS1_x_VERSION of OpenSSL.
  explicit RawClient(std::uint16_t port, bool tls = true, int max_tls_version = 0);
  ~RawClient();
  RawClient(const RawClient&) = delete;
  RawClient& operator=(const RawClient&) = delete;

  [[nodiscard]] bool connected() const { return connected_; }
  // SHA-256 of the other end's certificate, as CertificateFingerprint writes it.
  [[nodiscard]] std::string Fingerprint() const;
  // False when the other end is gone.
  bool Send(std::string_view bytes);
  // Reads until `marker` has come, the end, or the time is over. What came, marker included; what
  // came after the marker is kept for the next call.
  std::string ReadUntil(std::string_view marker, int timeout_ms = 20'000);
  // One whole answer: head, and the body that its Content-Length or chunks announce.
  std::string ReadAnswer(bool head_only = false);
  // True when the other end closes within the time; what it sends before is thrown away.
  bool WaitForClose(int timeout_ms);
  // At most `size` bytes, thrown away; the number read.
  std::size_t Swallow(std::size_t size);

 private:
  bool Fill(int timeout_ms);

  int fd_ = -1;
  void* context_ = nullptr;
  void* ssl_ = nullptr;
  bool connected_ = false;
  bool ended_ = false;
  std::string kept_;
};

}  // namespace tapiary::server
