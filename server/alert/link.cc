#include "server/alert/link.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>

#include "capture/records.h"

namespace tapiary::server {
namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
struct FreeSsl {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};

base::Error TlsError(const char* what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return base::MakeError(base::ErrorCode::kUnavailable, std::string(what) + ": " + text.data());
}

base::Result<> EndSendingOn(const Socket& socket) {
  if (::shutdown(socket.fd(), SHUT_WR) == 0) return {};
  return base::Error::FromErrno(errno, "the connection broke");
}

class PlainLink final : public Link {
 public:
  explicit PlainLink(Socket& socket) : socket_(socket) {}
  base::Result<> Send(std::string_view bytes) override { return socket_.Send(bytes); }
  base::Result<std::size_t> Receive(std::span<char> into) override { return socket_.Receive(into); }
  base::Result<> EndSending() override { return EndSendingOn(socket_); }

 private:
  Socket& socket_;
};

class TlsLink final : public Link {
 public:
  explicit TlsLink(Socket& socket) : socket_(socket) {}
  base::Result<> Connect(const AlertTarget& target);
  base::Result<> Send(std::string_view bytes) override {
    SSL* const ssl = ssl_.get();
    return Drive(
        [ssl, bytes] { return SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size())); },
        "send");
  }
  base::Result<std::size_t> Receive(std::span<char> into) override;
  base::Result<> EndSending() override {
    SSL_shutdown(ssl_.get());
    return EndSendingOn(socket_);
  }

 private:
  // An end without close_notify is an end all the same; a reset or an alert is not.
  static bool EndedQuietly(int error) {
    if (error == SSL_ERROR_SYSCALL) return errno == 0;
    return error == SSL_ERROR_SSL &&
           ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  }
  base::Result<> SetName(const std::string& host);
  template <class Step>
  base::Result<> Drive(Step step, const char* what);

  Socket& socket_;
  std::unique_ptr<SSL_CTX, FreeContext> context_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
};

base::Result<> TlsLink::Connect(const AlertTarget& target) {
  context_.reset(SSL_CTX_new(TLS_client_method()));
  SSL_CTX* const context = context_.get();
  if (context == nullptr) return TlsError("TLS");
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  const bool known = target.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                                            : SSL_CTX_load_verify_locations(
                                                  context, target.ca_file.c_str(), nullptr) == 1;
  if (!known) return TlsError("the authorities' certificates");
  ssl_.reset(SSL_new(context));
  SSL* const ssl = ssl_.get();
  if (ssl == nullptr || SSL_set_fd(ssl, socket_.fd()) != 1) return TlsError("TLS");
  TAPIARY_TRY(SetName(target.host));
  return Drive([ssl] { return SSL_connect(ssl); }, "the TLS handshake");
}

base::Result<std::size_t> TlsLink::Receive(std::span<char> into) {
  for (;;) {
    errno = 0;
    const int got = SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
    if (got > 0) return static_cast<std::size_t>(got);
    const int error = SSL_get_error(ssl_.get(), got);
    if (error == SSL_ERROR_ZERO_RETURN || EndedQuietly(error)) {
      ERR_clear_error();
      return 0;
    }
    if (error != SSL_ERROR_WANT_READ) return TlsError("the receiver broke the connection");
    TAPIARY_TRY(socket_.Wait(POLLIN));
  }
}

base::Result<> TlsLink::SetName(const std::string& host) {
  X509_VERIFY_PARAM* const parameters = SSL_get0_param(ssl_.get());
  bool set = false;
  if (capture::ParseIpAddress(host)) {
    set = X509_VERIFY_PARAM_set1_ip_asc(parameters, host.c_str()) == 1;
  } else {
    set = X509_VERIFY_PARAM_set1_host(parameters, host.c_str(), host.size()) == 1 &&
          SSL_set_tlsext_host_name(ssl_.get(), host.c_str()) == 1;
  }
  if (set) return {};
  return TlsError("the receiver's name");
}

template <class Step>
base::Result<> TlsLink::Drive(Step step, const char* what) {
  for (;;) {
    const int code = step();
    if (code > 0) return {};
    const int error = SSL_get_error(ssl_.get(), code);
    if (error == SSL_ERROR_WANT_READ) {
      TAPIARY_TRY(socket_.Wait(POLLIN));
    } else if (error == SSL_ERROR_WANT_WRITE) {
      TAPIARY_TRY(socket_.Wait(POLLOUT));
    } else {
      return TlsError(what);
    }
  }
}

bool IsTls(TargetKind kind) {
  return kind == TargetKind::kSyslogTls || kind == TargetKind::kHpfeedsTls;
}

}  // namespace

base::Result<Socket> ConnectTo(const AlertTarget& target, const AddressResolver& resolve,
                               const LinkLimits& limits, const std::atomic<bool>& stop) {
  TAPIARY_ASSIGN(const auto addresses, ResolveFor(resolve, target.host, limits.resolve_ns));
  Socket socket(base::SteadyNow() + limits.total_ns, stop);
  TAPIARY_TRY(socket.Connect(addresses, target.port, target.kind == TargetKind::kSyslogUdp));
  return socket;
}

base::Result<std::unique_ptr<Link>> Link::Make(const AlertTarget& target, Socket& socket) {
  if (!IsTls(target.kind)) return std::unique_ptr<Link>(std::make_unique<PlainLink>(socket));
  auto link = std::make_unique<TlsLink>(socket);
  TAPIARY_TRY(link->Connect(target));
  return std::unique_ptr<Link>(std::move(link));
}

}  // namespace tapiary::server
