#include "capture/ot/slmp/decoder.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "capture/ot/detail.h"
#include "capture/ot/slmp/commands.h"
#include "capture/ot/slmp/data.h"

namespace tapiary::capture::slmp {
namespace {

constexpr std::string_view kService = "slmp";
constexpr std::size_t kMaxWaiting = 64;
// Key spaces.
constexpr std::uint64_t kSerial = std::uint64_t{1} << 60;
constexpr std::uint64_t kMelsoft = std::uint64_t{2} << 60;
constexpr std::uint64_t kProbe = std::uint64_t{3} << 60;
constexpr std::uint64_t kNobody = std::uint64_t{4} << 60;

std::string_view StyleName(Style style) {
  switch (style) {
    case Style::k3E:
      return "3E";
    case Style::k4E:
      return "4E";
    default:
      return "melsoft";
  }
}

void Flag(std::uint16_t command, std::int32_t sub, Transaction& out) {
  const Technique technique = FindTechnique(Techniques(), command, sub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

// A 3E or 4E response names its command only when it refuses it.
struct Refusal {
  std::uint16_t command = 0, subcommand = 0;
  bool named = false;
};
Refusal RefusalOf(const Frame& frame) {
  base::ByteCursor cursor(frame.data);
  cursor.Skip(5);  // who did not do it
  Refusal refusal;
  refusal.command = cursor.U16Le();
  refusal.subcommand = cursor.U16Le();
  refusal.named = frame.end_code != 0 && !cursor.failed();
  return refusal;
}

void Name(const Frame& frame, bool named, Transaction& out) {
  out.protocol = kService;
  if (frame.style == Style::kProbe) {
    out.code = frame.subcommand;
    out.operation = "melsoft_probe";
    out.attack_technique = "T0846";
    return;
  }
  const bool told = named || !frame.response || frame.style == Style::kMelsoft;
  const std::string_view name = OperationName(frame.command);
  out.code = frame.command;
  out.operation = !told ? "response" : name.empty() ? "unknown_command" : name;
}

void Route(const Frame& frame, Transaction& out) {
  AddDetail(out, "frame", StyleName(frame.style));
  if (frame.style == Style::kProbe) return;
  if (frame.style != Style::k3E) AddNumber(out, "serial", frame.serial);
  if (frame.response && frame.style == Style::kMelsoft) return;  // its route is the way back
  out.unit = frame.station;
  AddNumber(out, "network", frame.network);
  AddDetail(out, "module", fmt::format("0x{:04x}", frame.module));
  if (frame.multidrop != 0) AddNumber(out, "multidrop", frame.multidrop);
}

}  // namespace

SlmpDecoder::SlmpDecoder() : FramedDecoder(kFraming, kService, "slmp-length") {}

PduFront SlmpDecoder::DatagramFront(bool, base::Bytes bytes) {
  datagrams_ = true;
  // What a probe's answer brings differs; the datagram is it.
  if (bytes.size() >= 4 && bytes[0] == 0xda) return PduFront::Of(bytes.size());
  return kFraming.front(bytes, true);
}

// Of a lost response the request may be any of those that wait, of a lost request none.
void SlmpDecoder::OnLoss(bool from_client) {
  if (from_client) return;
  while (waiting_.size() > 1) waiting_.pop_front();
}

void SlmpDecoder::OnMessage(bool, const Pdu& pdu) {
  Frame frame;
  if (!ReadFrame(pdu.bytes, frame)) return OnFault("slmp-header");
  if (frame.response) return OnResponse(frame, pdu);
  OnRequest(frame, pdu);
}

std::uint64_t SlmpDecoder::KeyOfNext(const Frame& frame, const Transaction& request, bool cut) {
  if (frame.style == Style::k4E) return kSerial | frame.serial;
  if (frame.style == Style::kProbe) return kProbe | frame.subcommand;
  if (frame.style == Style::kMelsoft) {
    return kMelsoft | static_cast<std::uint64_t>(frame.command) << 16 | frame.serial;
  }
  // Datagrams get lost without a trace: who asks again has given up.
  if (datagrams_) waiting_.clear();
  // One torn by a hole is known only now that the next one is here: its answer came before.
  if (!waiting_.empty() && waiting_.back().cut) waiting_.pop_back();
  if (waiting_.size() == kMaxWaiting) waiting_.pop_front();
  waiting_.push_back(
      {++next_id_, frame.command, frame.subcommand, ResponseSize(frame, request), cut});
  return next_id_;
}

void SlmpDecoder::OnRequest(const Frame& frame, const Pdu& pdu) {
  Transaction request;
  request.time_ns = pdu.first_ns;
  Name(frame, true, request);
  Route(frame, request);
  if (frame.style != Style::kProbe) {
    if (frame.style != Style::kMelsoft) {
      AddDetail(request, "subcommand", fmt::format("0x{:04x}", frame.subcommand));
    }
    Flag(frame.command, DecodeRequestData(frame, request), request);
  }
  if (pdu.cut) AddAnomaly(request, "truncated");
  const std::uint64_t key = KeyOfNext(frame, request, pdu.cut);
  exchange().OnRequest(key, std::nullopt, frame.command, std::move(request), out());
}

std::uint64_t SlmpDecoder::KeyOfAnswered(const Frame& frame) {
  if (frame.style == Style::k4E) return kSerial | frame.serial;
  if (frame.style == Style::kProbe) return kProbe | frame.subcommand;
  if (frame.style == Style::kMelsoft) {
    return kMelsoft | static_cast<std::uint64_t>(frame.command) << 16 | frame.serial;
  }
  const Refusal refusal = RefusalOf(frame);
  for (std::size_t i = 0; i < waiting_.size(); ++i) {
    const Waiting& waiting = waiting_[i];
    const bool fits =
        refusal.named
            ? waiting.command == refusal.command && waiting.subcommand == refusal.subcommand
            : frame.end_code != 0 || waiting.size.value_or(frame.data.size()) == frame.data.size();
    if (!fits) continue;
    const std::uint64_t id = waiting.id;
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(i) + 1);
    return id;
  }
  return kNobody | ++next_id_;
}

void SlmpDecoder::OnResponse(const Frame& frame, const Pdu& pdu) {
  const std::uint64_t key = KeyOfAnswered(frame);
  exchange().OnResponse(OtResponse::Of(pdu, key, frame.command), out());
}

void SlmpDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  Frame frame;
  (void)ReadFrame(response.pdu, frame);
  if (!has_request) {
    Refusal refusal;
    if (frame.style == Style::k3E || frame.style == Style::k4E) refusal = RefusalOf(frame);
    if (refusal.named) frame.command = refusal.command;
    Name(frame, refusal.named, out);
    Route(frame, out);
    if (frame.style != Style::kProbe) Flag(frame.command, kAnySub, out);
  }
  if (response.cut) AddAnomaly(out, "truncated");
  if (frame.style == Style::kProbe) return AddHex(out, "answer", frame.data);
  if (frame.end_code != 0) {
    out.status = TransactionStatus::kException;
    out.exception = frame.end_code;
    return;
  }
  DecodeResponseData(frame, out);
}

}  // namespace tapiary::capture::slmp
