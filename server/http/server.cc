#include "server/http/server.h"

#include <algorithm>
#include <thread>

#include "base/clock.h"
#include "base/log.h"
#include "server/http/connection.h"

namespace tapiary::server {

namespace {

// Of TLS 1.2: forward secrecy and authenticated encryption only (RFC 9325 section 4.2), as in
// haproxy/. Those of TLS 1.3 are all so.
constexpr const char* kTls12Ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";

constexpr auto kGrace = std::chrono::milliseconds(1000);

base::Error ListenError(const ListenAddress& address, const std::string& why) {
  return base::MakeError(base::ErrorCode::kIo, "cannot listen on " + address.address + " port " +
                                                   std::to_string(address.port) + ": " + why);
}

}  // namespace

struct HttpServer::Impl {
  Impl(HttpServerOptions options, std::vector<Route> routes, Authenticator authenticate)
      : context(std::move(options), std::move(routes), std::move(authenticate)) {}

  base::Result<> LoadCertificate();
  std::shared_ptr<asio::ssl::context> Tls() {
    const std::lock_guard lock(tls_mutex);
    return tls;
  }
  base::Result<> Bind(const ListenAddress& address);
  asio::awaitable<void> Accept(tcp::acceptor& acceptor, bool tls);
  std::shared_ptr<void> PlaceFor(const tcp::socket& socket, bool with_tls);
  void TellRefused(std::int64_t now_ns);

  ServerContext context;
  asio::io_context io;
  std::mutex tls_mutex;                     // guards tls
  std::shared_ptr<asio::ssl::context> tls;  // shared with connections; null without TLS
  std::vector<std::unique_ptr<tcp::acceptor>> acceptors;
  std::vector<std::uint16_t> ports;
  std::mutex refusals_mutex;  // guards the four below
  std::uint64_t told_refused = 0;
  std::uint64_t told_crowded = 0;
  std::string crowd;  // the last address that had too many
  std::int64_t next_tell_ns = 0;
  std::vector<std::jthread> threads;
};

base::Result<> HttpServer::Impl::LoadCertificate() {
  using Options = asio::ssl::context;
  error_code error;
  auto fresh = std::make_shared<asio::ssl::context>(asio::ssl::context::tls_server);
  fresh->set_options(Options::default_workarounds | Options::no_sslv2 | Options::no_sslv3 |
                         Options::no_tlsv1 | Options::no_tlsv1_1 | Options::single_dh_use,
                     error);
  if (SSL_CTX_set_cipher_list(fresh->native_handle(), kTls12Ciphers) != 1) {
    return base::MakeError(base::ErrorCode::kInternal, "OpenSSL has none of our ciphers");
  }
  fresh->use_certificate_chain_file(context.options.certificate_file, error);
  if (error) {
    return base::MakeError(
        base::ErrorCode::kInvalid,
        "cannot use the certificate " + context.options.certificate_file + ": " + error.message());
  }
  fresh->use_private_key_file(context.options.key_file, asio::ssl::context::pem, error);
  if (error) {
    return base::MakeError(
        base::ErrorCode::kInvalid,
        "cannot use the key " + context.options.key_file + ": " + error.message());
  }
  const std::lock_guard lock(tls_mutex);
  tls = std::move(fresh);
  return {};
}

base::Result<> HttpServer::Impl::Bind(const ListenAddress& address) {
  error_code error;
  const auto ip = asio::ip::make_address(address.address, error);
  if (error) return ListenError(address, "it is no IP address");
  if (!address.tls && !ip.is_loopback()) {
    return ListenError(address, "plain HTTP is for loopback addresses only; use TLS");
  }
  auto acceptor = std::make_unique<tcp::acceptor>(io);
  const tcp::endpoint endpoint(ip, address.port);
  acceptor->open(endpoint.protocol(), error);
  if (!error) acceptor->set_option(asio::socket_base::reuse_address(true), error);
  if (!error) acceptor->bind(endpoint, error);
  if (!error) acceptor->listen(asio::socket_base::max_listen_connections, error);
  if (error) return ListenError(address, error.message());
  ports.push_back(acceptor->local_endpoint(error).port());
  asio::co_spawn(io, Accept(*acceptor, address.tls), asio::detached);
  acceptors.push_back(std::move(acceptor));
  return {};
}

asio::awaitable<void> HttpServer::Impl::Accept(tcp::acceptor& acceptor, bool with_tls) {
  while (!context.stopping) {
    error_code error;
    tcp::socket socket = co_await acceptor.async_accept(
        asio::make_strand(io), asio::redirect_error(asio::use_awaitable, error));
    if (error == asio::error::operation_aborted || context.stopping) co_return;
    if (error) {  // out of descriptors, say: wait instead of spinning
      asio::steady_timer pause(io, std::chrono::milliseconds(100));
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
      continue;
    }
    std::shared_ptr<void> place = PlaceFor(socket, with_tls);
    TellRefused(base::SteadyNow());
    if (!place) continue;  // closes it
    const auto executor = socket.get_executor();
    asio::co_spawn(
        executor,
        ServeConnection(context, std::move(socket), with_tls ? Tls() : nullptr, std::move(place)),
        asio::detached);
  }
}

// Null when it is refused. Plain HTTP comes from this host alone: a proxy, whose clients are many.
std::shared_ptr<void> HttpServer::Impl::PlaceFor(const tcp::socket& socket, bool with_tls) {
  if (context.open >= static_cast<std::uint64_t>(context.options.max_connections)) {
    ++context.refused;
    return nullptr;
  }
  error_code error;
  const std::string peer = socket.remote_endpoint(error).address().to_string();
  auto anybody = std::make_shared<bool>();
  if (!with_tls || context.options.proxies.Trusts(peer)) return anybody;
  std::shared_ptr<void> place = context.peers.Take(peer);
  if (place) return place;
  ++context.crowded;
  const std::lock_guard lock(refusals_mutex);
  crowd = peer;
  return nullptr;
}

// Asked at each connection, so that the last of a minute's refusals are told later, not never.
void HttpServer::Impl::TellRefused(std::int64_t now_ns) {
  const std::lock_guard lock(refusals_mutex);
  const std::uint64_t refused = context.refused;
  const std::uint64_t crowded = context.crowded;
  if ((refused == told_refused && crowded == told_crowded) || now_ns < next_tell_ns) return;
  if (refused != told_refused) {
    base::LogWarning("{} connections refused, limit {}", refused - told_refused,
                     context.options.max_connections);
  }
  if (crowded != told_crowded) {
    base::LogWarning(
        "{} connections refused, the last of {}: limits.connections_per_address is {}; for a proxy "
        "set auth.trusted_proxy",
        crowded - told_crowded, crowd, context.options.connections_per_address);
  }
  told_refused = refused;
  told_crowded = crowded;
  next_tell_ns = now_ns + 60 * base::kNanosPerSecond;
}

HttpServer::HttpServer(HttpServerOptions options, std::vector<Route> routes,
                       Authenticator authenticate)
    : impl_(
          std::make_unique<Impl>(std::move(options), std::move(routes), std::move(authenticate))) {}

HttpServer::~HttpServer() {
  Stop();
}

base::Result<> HttpServer::Start() {
  const auto& listen = impl_->context.options.listen;
  if (std::ranges::any_of(listen, &ListenAddress::tls)) TAPIARY_TRY(impl_->LoadCertificate());
  for (const ListenAddress& address : listen) TAPIARY_TRY(impl_->Bind(address));
  for (int i = 0; i < impl_->context.options.io_threads; ++i) {
    impl_->threads.emplace_back([this] { impl_->io.run(); });
  }
  return {};
}

base::Result<> HttpServer::ReloadCertificate() {
  if (!impl_->Tls()) return {};
  return impl_->LoadCertificate();
}

void HttpServer::Stop() {
  ServerContext& context = impl_->context;
  if (context.stopping.exchange(true)) return;
  for (auto& acceptor : impl_->acceptors) {
    asio::post(impl_->io, [&acceptor = *acceptor] {
      error_code ignored;
      acceptor.close(ignored);
    });
  }
  context.streamed.Stop();
  context.ready.Stop();
  context.reads.Stop();
  context.pulls.Stop();
  // Idle connections end at once; one with a running handler may finish it within the grace time.
  const auto end = std::chrono::steady_clock::now() + kGrace;
  while (context.open > 0) {
    const bool all = std::chrono::steady_clock::now() >= end;
    {
      const std::lock_guard lock(context.mutex);
      for (LiveConnection* live : context.live) {
        if (all || !live->busy) live->Cancel();
      }
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  }
  context.front_pool.join();
  context.pool.join();
  impl_->io.stop();
  impl_->threads.clear();
}

std::vector<std::uint16_t> HttpServer::ports() const {
  return impl_->ports;
}

HttpMetrics HttpServer::metrics() const {
  HttpMetrics metrics;
  const ServerContext& context = impl_->context;
  const std::lock_guard lock(context.mutex);
  for (const auto& [key, requests] : context.counts) {
    metrics.rows.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), requests});
  }
  metrics.connections_open = context.open;
  metrics.connections_refused = context.refused + context.crowded;
  return metrics;
}

}  // namespace tapiary::server
