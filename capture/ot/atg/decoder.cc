#include "capture/ot/atg/decoder.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "capture/ot/detail.h"

namespace tapiary::capture::atg {
namespace {

constexpr std::string_view kService = "atg";
// Keys from here on are of answers that do not say what they answer, each another one; they take
// the oldest request.
constexpr std::uint64_t kUnknown = 1 << 20;

std::uint64_t PairKey(const Message& message) {
  return message.function * 100u + message.tank + (message.set ? 1u << 18 : 0u);
}

std::string Text(base::Bytes bytes) {
  return {bytes.begin(), bytes.end()};
}

void Name(const Message& message, Transaction& out) {
  out.protocol = kService;
  if (message.not_understood) {
    out.operation = "unknown_function";
    return;
  }
  const std::string_view name = FunctionName(message.function);
  const std::string_view known = name.empty() ? std::string_view("unknown_function") : name;
  out.code = message.function;
  out.operation = message.set ? fmt::format("set_{}", known) : std::string(known);
  out.unit = message.tank;
  AddDetail(out, "function",
            fmt::format("{}{:03}{:02}", message.set ? 'S' : 'I', message.function, message.tank));
  const std::int32_t code = message.set ? kSetBase + message.function : message.function;
  Technique technique = FindTechnique(Techniques(), code, kAnySub);
  if (message.set && !technique.command) technique = FindTechnique(Techniques(), kSetBase, kAnySub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

}  // namespace

AtgDecoder::AtgDecoder() : FramedDecoder(kFraming, kService, "atg-command") {}

void AtgDecoder::OnMessage(bool from_client, const Pdu& pdu) {
  if (from_client) return OnCommand(pdu);
  Message message;
  if (!ReadAnswer(pdu.bytes, message)) return;  // the lines of a report
  const std::uint64_t key = message.not_understood ? kUnknown + refusals_++ : PairKey(message);
  OtResponse response = OtResponse::Of(pdu, key);
  if (message.not_understood) response.loose_key = 0;
  exchange().OnResponse(response, out());
}

void AtgDecoder::OnCommand(const Pdu& pdu) {
  Message message;
  if (!ReadCommand(pdu.bytes, message)) return;  // ends of lines, telnet's negotiation
  Transaction request;
  request.time_ns = pdu.first_ns;
  Name(message, request);
  if (!message.security_code.empty()) {
    AddDetail(request, "security_code", Text(message.security_code));
  }
  if (!message.data.empty()) AddDetail(request, "data", Text(message.data));
  if (pdu.cut) AddAnomaly(request, "truncated");
  exchange().OnRequest(PairKey(message), 0, 0, std::move(request), out());
}

void AtgDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  Message message;
  (void)ReadAnswer(response.pdu, message);
  if (!has_request) Name(message, out);
  if (!message.not_understood) return;
  out.status = TransactionStatus::kException;
  out.exception = 9999;
}

}  // namespace tapiary::capture::atg
