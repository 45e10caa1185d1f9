// One request and its answer over a stream, plain or TLS. Internal to http/.
//
// A token's handler runs on the pool and pulls the body through BridgeBody, which reads on the
// connection's own executor, one part ahead of the handler; meanwhile the connection's coroutine
// waits for the handler, so the stream has one user at a time.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <future>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "server/http/connection.h"
#include "server/http/gate.h"
#include "server/http/target.h"

namespace tapiary::server {

inline constexpr std::uint32_t kHeaderBytes = 16 * 1024;
inline constexpr std::size_t kChunkBytes = 64 * 1024;
inline constexpr std::size_t kPartBytes = 256 * 1024;     // of a body, handed over at once
inline constexpr std::size_t kLingerBytes = 1024 * 1024;  // of a refused body read before closing
inline constexpr std::uint64_t kBodyMemory = 64 << 20;    // of small bodies that are being read
inline constexpr std::size_t kPublicBodyBytes = 4096;     // whatever a public route allows
inline constexpr std::int64_t kRateWindowNs = 30 * base::kNanosPerSecond;

template <class Stream>
void ExpireAfter(Stream& stream, std::int64_t timeout_ns) {
  beast::get_lowest_layer(stream).expires_after(std::chrono::nanoseconds(timeout_ns));
}

template <class Stream>
class BridgeBody : public BodySource {
 public:
  using Parser = http::request_parser<http::buffer_body>;
  BridgeBody(ServerContext& context, Stream& stream, beast::flat_buffer& buffer, Parser& parser,
             std::uint64_t max_bytes)
      : context_(context),
        stream_(stream),
        buffer_(buffer),
        parser_(parser),
        max_bytes_(max_bytes) {
    if (const auto left = parser.content_length_remaining()) left_ = *left;
  }

  // On a pool thread. While the handler works on one part, the next one is read.
  base::Result<std::size_t> Read(std::span<char> into) override {
    if (into.empty()) return std::size_t{0};
    if (at_ == size_) {
      wanted_ = true;
      if (!ahead_.valid() && !Launch()) return std::size_t{0};
      at_ = size_ = 0;
      TAPIARY_ASSIGN(size_, ahead_.get());
      wanted_ = false;
      std::swap(part_, next_part_);
      (void)Launch();
    }
    const std::size_t count = std::min(into.size(), size_ - at_);
    std::memcpy(into.data(), part_.data() + at_, count);
    at_ += count;
    return count;
  }

  // On the connection's executor, when the handler is done: ends what is being read ahead.
  asio::awaitable<void> Settle() {
    if (!reading_) co_return;
    settle_ = true;
    beast::get_lowest_layer(stream_).cancel();
    while (reading_) co_await asio::post(stream_.get_executor(), asio::use_awaitable);
  }

  // On the connection's executor. Reads until there is something, the end, or an error.
  asio::awaitable<base::Result<std::size_t>> ReadSome(std::span<char> into) {
    while (!IsWhole()) {
      ExpireAfter(stream_, context_.options.idle_timeout_ns);
      error_code error;
      std::size_t count = 0;
      const std::int64_t asked_ns = base::SteadyNow();
      if (!left_) {
        auto& body = parser_.get().body();
        body.data = into.data();
        body.size = into.size();
        co_await http::async_read_some(stream_, buffer_, parser_,
                                       asio::redirect_error(asio::use_awaitable, error));
        if (error == http::error::need_buffer) error = {};
        count = into.size() - body.size;
      } else if (const auto room = into.first(std::min<std::uint64_t>(into.size(), *left_));
                 buffer_.size() > 0) {
        count = asio::buffer_copy(asio::buffer(room.data(), room.size()), buffer_.data());
        buffer_.consume(count);
      } else {
        count = co_await stream_.async_read_some(asio::buffer(room.data(), room.size()),
                                                 asio::redirect_error(asio::use_awaitable, error));
      }
      waited_ns_ += base::SteadyNow() - asked_ns;
      if (left_) *left_ -= count;
      taken_ += count;
      if (error) co_return Broken("the body ended early: " + error.message());
      if (taken_ > max_bytes_) {
        co_return base::MakeError(base::ErrorCode::kTooLarge,
                                  "at most " + std::to_string(max_bytes_) + " bytes; split it");
      }
      if (TooSlow()) co_return Broken("the body came too slowly");
      if (count > 0) co_return count;
    }
    co_return std::size_t{0};
  }

  // Nothing of it is still to come. Not while something is being read.
  [[nodiscard]] bool IsWhole() const { return left_ ? *left_ == 0 : parser_.is_done(); }

 private:
  // Begins to read the next part; false at the end of the body. Nothing is being read.
  bool Launch() {
    if (IsWhole() && !failed_) return false;
    next_part_.resize(kPartBytes);
    reading_ = true;
    ahead_ = asio::co_spawn(stream_.get_executor(), ReadAhead(), asio::use_future);
    return true;
  }
  // As much as comes while the handler is busy, and when it waits, what is there: a part is handed
  // over between threads, which takes as long as much of the work on it.
  asio::awaitable<base::Result<std::size_t>> ReadAhead() {
    const Reading end{reading_};
    std::size_t size = 0;
    while (size < next_part_.size() && !settle_ && !failed_) {
      const auto count = co_await ReadSome(std::span(next_part_).subspan(size));
      if (!count) failed_ = count.error();
      if (!count || *count == 0) break;
      size += *count;
      if (IsWhole()) break;
      error_code error;
      if (wanted_ && buffer_.size() == 0 &&
          beast::get_lowest_layer(stream_).socket().available(error) == 0) {
        break;
      }
    }
    if (size == 0 && failed_) co_return *failed_;  // what came before it is good
    co_return size;
  }
  struct Reading {
    std::atomic<bool>& flag;
    ~Reading() { flag = false; }
  };

  [[nodiscard]] bool TooSlow() const {
    if (waited_ns_ < kRateWindowNs) return false;
    return taken_ * base::kNanosPerSecond / static_cast<std::uint64_t>(waited_ns_) <
           context_.options.min_body_bytes_per_s;
  }
  static base::Error Broken(std::string message) {
    return base::MakeError(base::ErrorCode::kInvalid, std::move(message));
  }

  ServerContext& context_;
  Stream& stream_;
  beast::flat_buffer& buffer_;
  Parser& parser_;
  const std::uint64_t max_bytes_;
  // Of a body with a Content-Length, which goes past the parser, straight to where it is wanted.
  std::optional<std::uint64_t> left_;
  std::int64_t waited_ns_ = 0;  // for the sender; the handler's own time is not the sender's fault
  std::uint64_t taken_ = 0;
  // The handler has one part while the other is read; allocated when the handler asks.
  std::vector<char> part_, next_part_;
  std::size_t at_ = 0, size_ = 0;  // in part_
  std::future<base::Result<std::size_t>> ahead_;
  std::atomic<bool> reading_{false};
  std::atomic<bool> wanted_{false};    // the handler waits for the next part
  std::optional<base::Error> failed_;  // on the connection's executor
  bool settle_ = false;                // on the connection's executor
};

// A body that is here already.
class MemoryBody : public BodySource {
 public:
  explicit MemoryBody(std::string text) : text_(std::move(text)) {}
  base::Result<std::size_t> Read(std::span<char> into) override {
    const std::size_t size = text_.copy(into.data(), into.size(), at_);
    at_ += size;
    return size;
  }

 private:
  const std::string text_;
  std::size_t at_ = 0;
};

// "Wed, 25 Nov 2026 12:00:00 GMT" (RFC 9110); clients measure their clock by it.
std::string HttpDate();
// Refuses what two readers could take for different messages (request smuggling, RFC 9112 section
// 11.2): another Transfer-Encoding than "chunked" (501), one in HTTP/1.0, fields twice that say who
// asks or how much comes, HTTP/1.1 without Host (400). The connection must end after it.
std::optional<Response> CheckFraming(const http::request_header<>& header);
// Method, path, query and headers of a parsed header; kInvalid for a bad target.
base::Result<Request> ToRequest(const http::request_header<>& header, const std::string& peer);
// The handler's answer, or 500 when it throws what a library threw.
Response RunHandler(const Route& route, const Request& request, BodySource& body);
// Reads what a handler streams; on a pool thread.
base::Result<std::size_t> Pull(BodySource& source, std::span<char> into);
// Status line and headers for an answer.
http::response_header<> ToHeader(const Response& response);

}  // namespace tapiary::server
