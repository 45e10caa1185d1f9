#include "server/alert/hpfeeds.h"

#include <fmt/core.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "base/text.h"

namespace tapiary::server {
namespace {

enum class Operation : std::uint8_t { kError = 0, kInfo = 1, kAuth = 2, kPublish = 3 };
constexpr std::size_t kHeaderBytes = 5;
constexpr std::size_t kMaxMessage = 64 * 1024;  // of the broker's
constexpr std::size_t kMaxShort = 255;          // a text behind a length of one byte

base::Error Wrong(std::string what) {
  return base::MakeError(base::ErrorCode::kUnavailable, "the broker " + std::move(what));
}

struct Message {
  Operation operation = Operation::kError;
  std::string content;
};

std::string Frame(Operation operation, std::string_view content) {
  const auto size = static_cast<std::uint32_t>(kHeaderBytes + content.size());
  std::string frame;
  for (int shift = 24; shift >= 0; shift -= 8) frame += static_cast<char>(size >> shift);
  frame += static_cast<char>(operation);
  return frame.append(content);
}

std::string Short(std::string_view text) {
  text = text.substr(0, kMaxShort);
  return static_cast<char>(text.size()) + std::string(text);
}

std::string Sha1(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) {
    return {};
  }
  return {reinterpret_cast<const char*>(digest.data()), size};
}

// Reads the broker's messages.
class Reader {
 public:
  explicit Reader(Link& link) : link_(link) {}

  // Nothing at an end between two messages.
  base::Result<std::optional<Message>> Next() {
    TAPIARY_ASSIGN(const bool there, Fill(kHeaderBytes));
    if (!there) return std::optional<Message>();
    std::size_t size = 0;
    for (std::size_t i = 0; i < 4; ++i) size = size << 8 | static_cast<unsigned char>(buffer_[i]);
    if (size < kHeaderBytes || size > kMaxMessage) return Wrong("does not speak hpfeeds");
    TAPIARY_ASSIGN(const bool whole, Fill(size));
    if (!whole) return Wrong("broke off");
    Message message{static_cast<Operation>(buffer_[4]), buffer_.substr(kHeaderBytes, size - 5)};
    buffer_.erase(0, size);
    return std::optional<Message>(std::move(message));
  }

 private:
  // False at the end, when nothing of it is there.
  base::Result<bool> Fill(std::size_t size) {
    std::array<char, 4096> chunk;
    while (buffer_.size() < size) {
      TAPIARY_ASSIGN(const std::size_t got, link_.Receive(chunk));
      if (got == 0 && buffer_.empty()) return false;
      if (got == 0) return Wrong("broke off");
      buffer_.append(chunk.data(), got);
    }
    return true;
  }

  Link& link_;
  std::string buffer_;
};

base::Error Refusal(const Message& message) {
  return Wrong(fmt::format("says '{}'", std::string_view(message.content).substr(0, 200)));
}

// The nonce of the broker's greeting.
base::Result<std::string> ReadGreeting(Reader& reader) {
  TAPIARY_ASSIGN(const auto message, reader.Next());
  if (!message) return Wrong("closed without a greeting");
  if (message->operation == Operation::kError) return Refusal(*message);
  const std::string& content = message->content;
  const std::size_t name = content.empty() ? 0 : static_cast<unsigned char>(content[0]);
  if (message->operation != Operation::kInfo || content.size() < 1 + name) {
    return Wrong("does not speak hpfeeds");
  }
  return content.substr(1 + name);
}

// Brokers say what is wrong by an error, or by closing before we do; those that are content say
// nothing until the socket's deadline, or close behind us.
base::Result<> ExpectNothing(Reader& reader, bool may_end) {
  for (;;) {
    const auto message = reader.Next();
    if (!message && message.error().code == base::ErrorCode::kTimeout) return {};
    if (!message) return message.error();
    if (!*message && may_end) return {};
    if (!*message) return Wrong("closed: it may know no such ident, key or channel");
    if ((*message)->operation == Operation::kError) return Refusal(**message);
  }
}

base::Result<> Publish(const AlertTarget& target, const LinkLimits& limits, Socket& socket,
                       const std::vector<std::string>& payloads) {
  TAPIARY_ASSIGN(const std::string secret, ReadSecret(target.secret_file));
  TAPIARY_ASSIGN(const auto link, Link::Make(target, socket));
  Reader reader(*link);
  TAPIARY_ASSIGN(const std::string nonce, ReadGreeting(reader));
  std::string bytes = Frame(Operation::kAuth, Short(target.ident) + Sha1(nonce + secret));
  const std::string place = Short(target.ident) + Short(target.channel);
  for (const std::string& payload : payloads) bytes += Frame(Operation::kPublish, place + payload);
  TAPIARY_TRY(link->Send(bytes));
  socket.set_deadline(base::SteadyNow() + limits.close_ns / 2);
  TAPIARY_TRY(ExpectNothing(reader, false));
  TAPIARY_TRY(link->EndSending());
  socket.set_deadline(base::SteadyNow() + limits.close_ns);
  return ExpectNothing(reader, true);
}

base::Result<> PublishAll(const AlertTarget& target, const AddressResolver& resolve,
                          const LinkLimits& limits, const std::vector<std::string>& payloads,
                          const std::atomic<bool>& stop) {
  TAPIARY_ASSIGN(Socket socket, ConnectTo(target, resolve, limits, stop));
  return Publish(target, limits, socket, payloads);
}

}  // namespace

std::optional<SendFailure> PublishHpfeeds(const AlertTarget& target, const AddressResolver& resolve,
                                          const LinkLimits& limits,
                                          const std::vector<std::string>& payloads,
                                          const std::atomic<bool>& stop) {
  const auto sent = PublishAll(target, resolve, limits, payloads, stop);
  if (sent) return std::nullopt;
  return SendFailure{base::EscapeBytes(sent.error().message), {}};
}

}  // namespace tapiary::server
