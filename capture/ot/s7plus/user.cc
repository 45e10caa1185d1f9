#include "capture/ot/s7plus/user.h"

#include <fmt/core.h>

#include <string>
#include <utility>

#include "capture/ot/detail.h"
#include "capture/ot/s7plus/message.h"
#include "capture/ot/s7plus/techniques.h"

namespace tapiary::capture::s7plus {
namespace {

using iso::User;

constexpr std::string_view kService = "s7comm-plus";
constexpr std::size_t kMinText = 8;
constexpr std::uint32_t kSessionContainer = 0x011d;

void SetOperation(Transaction& out, std::uint16_t function, std::int32_t sub) {
  out.code = function;
  out.operation = FunctionName(function);
  const Technique technique = FindTechnique(Techniques(), function, sub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

// Runs of printable bytes, which are names of stations, modules and versions: the format that holds
// them is not decoded.
void AddTexts(Transaction& out, std::string_view key, base::Bytes bytes) {
  std::string text;
  std::size_t begin = 0;
  for (std::size_t at = 0; at <= bytes.size() && text.size() < kMaxDetailBytes; ++at) {
    if (at < bytes.size() && bytes[at] >= 0x20 && bytes[at] < 0x7f) continue;
    if (at - begin >= kMinText) {
      if (!text.empty()) text += " | ";
      text.append(bytes.begin() + static_cast<std::ptrdiff_t>(begin),
                  bytes.begin() + static_cast<std::ptrdiff_t>(at));
    }
    begin = at + 1;
  }
  if (!text.empty()) AddDetail(out, key, text);
}

void EmitRequest(const iso::Call& call, const Frame& frame, const Message& message,
                 const iso::Tsdu& tsdu) {
  Transaction out;
  out.protocol = kService;
  out.time_ns = tsdu.first_ns;
  const bool own = message.object && (*message.object == kSessionContainer ||
                                      (message.session && *message.object == *message.session));
  SetOperation(out, message.function, own ? kOwnSession : kAnySub);
  AddNumber(out, "version", frame.version);
  if (message.session) AddDetail(out, "session", fmt::format("0x{:08x}", *message.session));
  if (message.object) AddDetail(out, "object", fmt::format("0x{:08x}", *message.object));
  AddTexts(out, "texts", message.rest);
  if (tsdu.cut) AddAnomaly(out, "truncated");
  if (!tsdu.cut && !frame.fits) AddAnomaly(out, "s7comm-plus-length");
  iso::Ask(call, User::kS7Plus, message.sequence, message.function, std::move(out));
}

}  // namespace

bool S7PlusUser::OnTsdu(const iso::Call& call, const iso::Tsdu& tsdu) {
  const std::size_t size = tsdu.cut ? SIZE_MAX : tsdu.bytes.size();
  const std::optional<Frame> frame = ReadFrame(tsdu.bytes, size);
  if (!frame) {
    call.out.Anomaly("s7comm-plus-header");
    return false;
  }
  bool& continues = continues_[call.from_client ? 0 : 1];
  const bool later = continues;
  continues = !tsdu.cut && frame->fits && !frame->trailer && frame->version < 0xfe;
  if (frame->version >= 0xfe) {
    call.out.Count("s7comm-plus.system_events", 1);
    return true;
  }
  const std::optional<Message> message = later ? std::nullopt : ReadMessage(frame->body);
  if (!message) {
    call.out.Count("s7comm-plus.fragments", 1);
  } else if (message->opcode == Opcode::kNotification) {
    call.out.Count("s7comm-plus.notifications", 1);
  } else if (message->opcode == Opcode::kRequest) {
    EmitRequest(call, *frame, *message, tsdu);
  } else {
    iso::Answer(call, User::kS7Plus, message->sequence, message->function, tsdu);
  }
  return true;
}

void S7PlusUser::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  const std::optional<Frame> frame = ReadFrame(response.pdu, response.pdu.size());
  const std::optional<Message> message = frame ? ReadMessage(frame->body) : std::nullopt;
  out.status = TransactionStatus::kOk;
  if (response.cut) AddAnomaly(out, "truncated");
  if (!message) return;
  if (!has_request) {
    SetOperation(out, message->function, kAnySub);
  } else if (out.code != message->function) {
    AddAnomaly(out, "s7comm-plus-function-mismatch");
  }
  AddTexts(out, "response_texts", message->rest);
  if (!message->result || *message->result >= 0) return;
  out.status = TransactionStatus::kException;
  out.exception = static_cast<std::uint16_t>(*message->result);
}

}  // namespace tapiary::capture::s7plus
