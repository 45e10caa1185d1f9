// TlsStream: TlsEngine over a TCP connection, as a stream for Beast. Internal to http/.
//
// One operation at a time, all on the connection's executor. Time limits are those of the stream
// below.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <utility>

#include "server/http/beast.h"
#include "server/http/tls_engine.h"

namespace tapiary::server {

class TlsStream {
 public:
  using next_layer_type = beast::tcp_stream;
  using executor_type = next_layer_type::executor_type;

  // As the server. The context must live as long.
  TlsStream(next_layer_type stream, asio::ssl::context& context)
      : next_layer_(std::move(stream)), engine_(context.native_handle()) {}

  executor_type get_executor() noexcept { return next_layer_.get_executor(); }
  next_layer_type& next_layer() noexcept { return next_layer_; }
  const next_layer_type& next_layer() const noexcept { return next_layer_; }

  template <class Token>
  auto async_handshake(Token&& token) {
    return Run<void(error_code)>([this] { return engine_.Handshake(); }, token);
  }
  template <class Token>
  auto async_shutdown(Token&& token) {
    return Run<void(error_code)>([this] { return engine_.Shutdown(); }, token);
  }
  // Into the first buffer only, as far as something has come.
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return Run<void(error_code, std::size_t)>([this, buffers] { return Read(buffers); }, token);
  }
  // Small buffers are sent together.
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return Run<void(error_code, std::size_t)>([this, buffers] { return Write(buffers); }, token);
  }

 private:
  // A record's worth: what is smaller is worth a copy.
  static constexpr std::size_t kRecordBytes = 16 * 1024;
  static constexpr std::size_t kWriteBytes = 4 * kRecordBytes;

  // Takes steps until one needs no more input; what each has to say is sent behind it.
  template <class Signature, class Action>
  struct Operation {
    enum class State : std::uint8_t { kBegin, kSent, kCame, kDone };
    TlsStream& stream;
    Action action;
    State state = State::kBegin;
    bool waited = false;  // so it may complete where it is
    TlsEngine::Step step{};

    template <class Self>
    void operator()(Self& self, error_code error = {}, std::size_t count = 0) {
      TlsEngine& engine = stream.engine_;
      if (state == State::kDone) return Complete(self);
      if (error) {
        step.error = TlsEngine::AfterLoss(error);
        return Complete(self);
      }
      waited |= state != State::kBegin;
      if (state == State::kCame) engine.AddInput(count);
      if (state == State::kSent) engine.ClearOutput();
      if (state != State::kSent) step = action();
      if (!engine.output().empty()) {
        state = State::kSent;
        asio::async_write(stream.next_layer_, asio::buffer(engine.output()), std::move(self));
      } else if (step.needs_input) {
        state = State::kCame;
        const auto room = engine.InputRoom();
        stream.next_layer_.async_read_some(asio::buffer(room.data(), room.size()), std::move(self));
      } else if (!waited) {
        state = State::kDone;
        asio::post(stream.get_executor(), std::move(self));
      } else {
        Complete(self);
      }
    }

    template <class Self>
    void Complete(Self& self) {
      if constexpr (std::is_same_v<Signature, void(error_code)>) {
        self.complete(step.error);
      } else {
        self.complete(step.error, step.count);
      }
    }
  };

  template <class Signature, class Action, class Token>
  auto Run(Action action, Token& token) {
    return asio::async_compose<Token, Signature>(
        Operation<Signature, Action>{*this, std::move(action)}, token, next_layer_);
  }

  template <class Buffers>
  TlsEngine::Step Read(const Buffers& buffers) {
    for (const asio::mutable_buffer part : beast::buffers_range_ref(buffers)) {
      if (part.size() == 0) continue;
      return engine_.Read({static_cast<std::uint8_t*>(part.data()), part.size()});
    }
    return {};
  }

  template <class Buffers>
  TlsEngine::Step Write(const Buffers& buffers) {
    gathered_.clear();
    for (const asio::const_buffer part : beast::buffers_range_ref(buffers)) {
      const std::span bytes(static_cast<const std::uint8_t*>(part.data()), part.size());
      if (gathered_.empty() && bytes.size() >= kRecordBytes) {
        return engine_.Write(bytes.first(std::min(bytes.size(), kWriteBytes)));
      }
      const auto taken = bytes.first(std::min(bytes.size(), kRecordBytes - gathered_.size()));
      gathered_.insert(gathered_.end(), taken.begin(), taken.end());
      if (gathered_.size() == kRecordBytes) break;
    }
    return engine_.Write(gathered_);
  }

  next_layer_type next_layer_;
  TlsEngine engine_;
  std::vector<std::uint8_t> gathered_;  // what is being written
};

}  // namespace tapiary::server
