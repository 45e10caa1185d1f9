// TlsEngine: one end of a TLS connection without the connection: bytes that came go in, bytes to be
// sent come out. Internal to http/; TlsStream moves the bytes.
//
// What came is decrypted as far as it goes in one step, several records at once, and what is
// written becomes several records before anything is sent, so that the kernel is asked once for all
// of them. Memory: 64 KiB of what came, and what is to be sent. One thread at a time.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include <boost/system/error_code.hpp>

struct ssl_ctx_st;
struct ssl_st;

namespace tapiary::server {

class TlsEngine {
 public:
  // How a step ended. Whatever it was, output() is to be sent before the next one.
  struct Step {
    bool needs_input = false;  // again, once more has come
    boost::system::error_code error{};
    std::size_t count = 0;  // of the bytes read or written
  };

  // The server's end. The context must live as long.
  explicit TlsEngine(ssl_ctx_st* context);
  ~TlsEngine();
  TlsEngine(const TlsEngine&) = delete;
  TlsEngine& operator=(const TlsEngine&) = delete;

  Step Handshake();
  // Something, as far as it has come and there is room; at the other end's farewell, eof.
  Step Read(std::span<std::uint8_t> into);
  Step Write(std::span<const std::uint8_t> from);
  // Says farewell and waits for that of the other end.
  Step Shutdown();

  // Where what comes next goes; never empty when a step needs input.
  [[nodiscard]] std::span<std::uint8_t> InputRoom();
  void AddInput(std::size_t count) { input_end_ += count; }
  [[nodiscard]] std::string_view output() const { return output_; }
  void ClearOutput();
  // What a lost connection means here: without a farewell what came may have been cut off.
  [[nodiscard]] static boost::system::error_code AfterLoss(boost::system::error_code error);

  // For OpenSSL. Nothing (0) when nothing is there.
  std::size_t TakeInput(std::span<std::uint8_t> into);
  void AddOutput(std::string_view bytes) { output_ += bytes; }

 private:
  Step Ended(int result);

  struct Free {
    void operator()(ssl_st* ssl) const;
  };
  std::unique_ptr<ssl_st, Free> ssl_;
  std::unique_ptr<std::uint8_t[]> input_;  // made when something comes
  std::size_t input_at_ = 0, input_end_ = 0;
  std::string output_;
  boost::system::error_code later_{};  // what ended the last read behind something good
};

}  // namespace tapiary::server
