#include "server/alert/syslog.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>

#include "base/text.h"
#include "capture/records.h"
#include "server/alert/socket.h"

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

// TLS over a connected socket, the receiver's certificate checked for its name.
class TlsLink {
 public:
  static base::Result<std::unique_ptr<TlsLink>> Make(const AlertTarget& target, Socket& socket) {
    std::unique_ptr<TlsLink> link(new TlsLink(socket));
    link->context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* const context = link->context_.get();
    if (context == nullptr) return TlsError("TLS");
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
    const bool known = target.ca_file.empty() ? SSL_CTX_set_default_verify_paths(context) == 1
                                              : SSL_CTX_load_verify_locations(
                                                    context, target.ca_file.c_str(), nullptr) == 1;
    if (!known) return TlsError("the authorities' certificates");
    link->ssl_.reset(SSL_new(context));
    SSL* const ssl = link->ssl_.get();
    if (ssl == nullptr || SSL_set_fd(ssl, socket.fd()) != 1) return TlsError("TLS");
    TAPIARY_TRY(link->SetName(target.host));
    TAPIARY_TRY(link->Drive([ssl] { return SSL_connect(ssl); }, "the TLS handshake"));
    return link;
  }

  base::Result<> Send(std::string_view bytes) {
    SSL* const ssl = ssl_.get();
    return Drive(
        [ssl, bytes] { return SSL_write(ssl, bytes.data(), static_cast<int>(bytes.size())); },
        "send");
  }

  // Says that nothing more comes, and reads until the other end says the same.
  base::Result<> Finish() {
    SSL_shutdown(ssl_.get());
    if (::shutdown(socket_.fd(), SHUT_WR) != 0) {
      return base::Error::FromErrno(errno, "the connection broke");
    }
    std::array<char, 512> scratch;
    SSL* const ssl = ssl_.get();
    for (;;) {
      errno = 0;
      const int got = SSL_read(ssl, scratch.data(), scratch.size());
      if (got > 0) continue;
      const int error = SSL_get_error(ssl, got);
      if (error == SSL_ERROR_ZERO_RETURN || EndedQuietly(error)) return {};
      if (error != SSL_ERROR_WANT_READ) return TlsError("the receiver broke the connection");
      TAPIARY_TRY(socket_.Wait(POLLIN));
    }
  }

 private:
  explicit TlsLink(Socket& socket) : socket_(socket) {}

  // An end without close_notify is an end all the same; a reset or an alert is not.
  static bool EndedQuietly(int error) {
    if (error == SSL_ERROR_SYSCALL) return errno == 0;
    return error == SSL_ERROR_SSL &&
           ERR_GET_REASON(ERR_peek_error()) == SSL_R_UNEXPECTED_EOF_WHILE_READING;
  }

  base::Result<> SetName(const std::string& host) {
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
  base::Result<> Drive(Step step, const char* what) {
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

  Socket& socket_;
  std::unique_ptr<SSL_CTX, FreeContext> context_;
  std::unique_ptr<SSL, FreeSsl> ssl_;
};

// Octet counting (RFC 6587 section 3.4.1, RFC 5425 section 4.3).
std::string Frames(const std::vector<std::string>& messages) {
  std::string frames;
  for (const std::string& message : messages) {
    frames += std::to_string(message.size()) + " " + message;
  }
  return frames;
}

base::Result<> FinishTcp(Socket& socket) {
  if (::shutdown(socket.fd(), SHUT_WR) != 0) {
    return base::Error::FromErrno(errno, "the connection broke");
  }
  std::array<char, 512> scratch;
  for (;;) {
    TAPIARY_ASSIGN(const std::size_t got, socket.Receive(scratch));
    if (got == 0) return {};
  }
}

// A receiver that neither closes nor breaks the connection has what was sent.
base::Result<> AcceptSilence(base::Result<> finished) {
  if (!finished && finished.error().code == base::ErrorCode::kTimeout) return {};
  return finished;
}

base::Result<> SendStream(const AlertTarget& target, const SyslogLimits& limits, Socket& socket,
                          const std::vector<std::string>& messages) {
  std::unique_ptr<TlsLink> tls;
  if (target.kind == TargetKind::kSyslogTls) {
    TAPIARY_ASSIGN(tls, TlsLink::Make(target, socket));
  }
  const std::string frames = Frames(messages);
  TAPIARY_TRY(tls ? tls->Send(frames) : socket.Send(frames));
  socket.set_deadline(base::SteadyNow() + limits.close_ns);
  return AcceptSilence(tls ? tls->Finish() : FinishTcp(socket));
}

base::Result<> SendAll(const AlertTarget& target, const AddressResolver& resolve,
                       const SyslogLimits& limits, const std::vector<std::string>& messages,
                       const std::atomic<bool>& stop) {
  TAPIARY_ASSIGN(const auto addresses, ResolveFor(resolve, target.host, limits.resolve_ns));
  Socket socket(base::SteadyNow() + limits.total_ns, stop);
  const bool datagrams = target.kind == TargetKind::kSyslogUdp;
  TAPIARY_TRY(socket.Connect(addresses, target.port, datagrams));
  if (!datagrams) return SendStream(target, limits, socket, messages);
  for (const std::string& message : messages) TAPIARY_TRY(socket.SendDatagram(message));
  return {};
}

}  // namespace

std::optional<SendFailure> SendSyslog(const AlertTarget& target, const AddressResolver& resolve,
                                      const SyslogLimits& limits,
                                      const std::vector<std::string>& messages,
                                      const std::atomic<bool>& stop) {
  const auto sent = SendAll(target, resolve, limits, messages, stop);
  if (sent) return std::nullopt;
  return SendFailure{base::EscapeBytes(sent.error().message), {}};
}

}  // namespace tapiary::server
