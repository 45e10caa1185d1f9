#include "server/http/tls_engine.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <cstring>
#include <limits>

namespace tapiary::server {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

constexpr std::size_t kInputBytes = 64 * 1024;
constexpr std::size_t kKeptOutputBytes = 32 * 1024;  // of the memory for output, between two steps

TlsEngine& EngineOf(BIO* bio) {
  return *static_cast<TlsEngine*>(BIO_get_data(bio));
}

int ReadInput(BIO* bio, char* into, std::size_t size, std::size_t* count) {
  BIO_clear_retry_flags(bio);
  *count = EngineOf(bio).TakeInput({reinterpret_cast<std::uint8_t*>(into), size});
  if (*count == 0) BIO_set_retry_read(bio);
  return *count == 0 ? 0 : 1;
}

int WriteOutput(BIO* bio, const char* bytes, std::size_t size, std::size_t* count) {
  BIO_clear_retry_flags(bio);
  EngineOf(bio).AddOutput({bytes, size});
  *count = size;
  return 1;
}

long Control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

// Lives as long as the process.
const BIO_METHOD* Method() {
  static const BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tapiary");
    if (made == nullptr) return made;
    BIO_meth_set_read_ex(made, ReadInput);
    BIO_meth_set_write_ex(made, WriteOutput);
    BIO_meth_set_ctrl(made, Control);
    return made;
  }();
  return method;
}

int ToInt(std::size_t size) {
  return static_cast<int>(std::min<std::size_t>(size, std::numeric_limits<int>::max()));
}

}  // namespace

void TlsEngine::Free::operator()(ssl_st* ssl) const {
  SSL_free(ssl);  // the BIO with it
}

// Without memory for it, each step fails.
TlsEngine::TlsEngine(ssl_ctx_st* context) : ssl_(SSL_new(context)) {
  BIO* const bio = ssl_ && Method() != nullptr ? BIO_new(Method()) : nullptr;
  if (bio == nullptr) {
    ssl_.reset();
    return;
  }
  BIO_set_data(bio, this);
  BIO_set_init(bio, 1);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_accept_state(ssl_.get());
  // Connections that wait for their next request hold no buffers.
  SSL_set_mode(ssl_.get(), SSL_MODE_RELEASE_BUFFERS);
}

TlsEngine::~TlsEngine() = default;

// After a call that returned `result`, which is not success.
TlsEngine::Step TlsEngine::Ended(int result) {
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return {.needs_input = true};
    case SSL_ERROR_ZERO_RETURN:
      return {.error = asio::error::eof};
    default:
      break;
  }
  const auto code = static_cast<int>(ERR_get_error());
  if (code == 0) return {.error = asio::ssl::error::unspecified_system_error};
  return {.error = error_code(code, asio::error::get_ssl_category())};
}

TlsEngine::Step TlsEngine::Handshake() {
  if (!ssl_) return {.error = asio::error::no_memory};
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? Step{} : Ended(result);
}

TlsEngine::Step TlsEngine::Read(std::span<std::uint8_t> into) {
  if (!ssl_) return {.error = asio::error::no_memory};
  Step step;
  if (later_) return {.error = later_};
  while (step.count < into.size()) {
    ERR_clear_error();
    const std::span<std::uint8_t> rest = into.subspan(step.count);
    const int result = SSL_read(ssl_.get(), rest.data(), ToInt(rest.size()));
    if (result <= 0) {
      const Step ended = Ended(result);
      if (step.count == 0) return ended;
      later_ = ended.error;
      return step;
    }
    step.count += static_cast<std::size_t>(result);
  }
  return step;
}

TlsEngine::Step TlsEngine::Write(std::span<const std::uint8_t> from) {
  if (!ssl_) return {.error = asio::error::no_memory};
  if (from.empty()) return {};
  ERR_clear_error();
  const int result = SSL_write(ssl_.get(), from.data(), ToInt(from.size()));
  if (result <= 0) return Ended(result);
  return {.count = static_cast<std::size_t>(result)};
}

TlsEngine::Step TlsEngine::Shutdown() {
  if (!ssl_) return {.error = asio::error::no_memory};
  ERR_clear_error();
  int result = SSL_shutdown(ssl_.get());
  if (result == 0) result = SSL_shutdown(ssl_.get());  // said; now the answer is looked for
  return result == 1 ? Step{} : Ended(result);
}

std::span<std::uint8_t> TlsEngine::InputRoom() {
  if (!input_) input_ = std::make_unique_for_overwrite<std::uint8_t[]>(kInputBytes);
  if (input_at_ == input_end_) input_at_ = input_end_ = 0;
  return {input_.get() + input_end_, kInputBytes - input_end_};
}

std::size_t TlsEngine::TakeInput(std::span<std::uint8_t> into) {
  const std::size_t count = std::min(into.size(), input_end_ - input_at_);
  if (count > 0) std::memcpy(into.data(), input_.get() + input_at_, count);
  input_at_ += count;
  return count;
}

void TlsEngine::ClearOutput() {
  output_.clear();
  if (output_.capacity() > kKeptOutputBytes) output_.shrink_to_fit();
}

error_code TlsEngine::AfterLoss(error_code error) {
  return error == asio::error::eof ? error_code(asio::ssl::error::stream_truncated) : error;
}

}  // namespace tapiary::server
