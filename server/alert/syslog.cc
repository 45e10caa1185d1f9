#include "server/alert/syslog.h"

#include <array>

#include "base/text.h"

namespace tapiary::server {
namespace {

// Octet counting (RFC 6587 section 3.4.1, RFC 5425 section 4.3).
std::string Frames(const std::vector<std::string>& messages) {
  std::string frames;
  for (const std::string& message : messages) {
    frames += std::to_string(message.size()) + " " + message;
  }
  return frames;
}

base::Result<> Finish(Link& link) {
  TAPIARY_TRY(link.EndSending());
  std::array<char, 512> scratch;
  for (;;) {
    TAPIARY_ASSIGN(const std::size_t got, link.Receive(scratch));
    if (got == 0) return {};
  }
}

// A receiver that neither closes nor breaks the connection has what was sent.
base::Result<> AcceptSilence(base::Result<> finished) {
  if (!finished && finished.error().code == base::ErrorCode::kTimeout) return {};
  return finished;
}

base::Result<> SendStream(const AlertTarget& target, const LinkLimits& limits, Socket& socket,
                          const std::vector<std::string>& messages) {
  TAPIARY_ASSIGN(const auto link, Link::Make(target, socket));
  TAPIARY_TRY(link->Send(Frames(messages)));
  socket.set_deadline(base::SteadyNow() + limits.close_ns);
  return AcceptSilence(Finish(*link));
}

base::Result<> SendAll(const AlertTarget& target, const AddressResolver& resolve,
                       const LinkLimits& limits, const std::vector<std::string>& messages,
                       const std::atomic<bool>& stop) {
  TAPIARY_ASSIGN(Socket socket, ConnectTo(target, resolve, limits, stop));
  if (target.kind != TargetKind::kSyslogUdp) return SendStream(target, limits, socket, messages);
  for (const std::string& message : messages) TAPIARY_TRY(socket.SendDatagram(message));
  return {};
}

}  // namespace

std::optional<SendFailure> SendSyslog(const AlertTarget& target, const AddressResolver& resolve,
                                      const LinkLimits& limits,
                                      const std::vector<std::string>& messages,
                                      const std::atomic<bool>& stop) {
  const auto sent = SendAll(target, resolve, limits, messages, stop);
  if (sent) return std::nullopt;
  return SendFailure{base::EscapeBytes(sent.error().message), {}};
}

}  // namespace tapiary::server
