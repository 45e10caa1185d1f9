#include "capture/ot/hartip/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "base/text.h"
#include "capture/ot/detail.h"
#include "capture/ot/hartip/commands.h"
#include "capture/ot/hartip/data.h"

namespace tapiary::capture::hartip {
namespace {

constexpr std::string_view kService = "hart-ip";
constexpr std::string_view kTruncated = "truncated";

std::uint64_t PairKey(const Message& message) {
  return std::uint64_t{message.id} << 16 | message.sequence;
}

std::string_view MessageName(std::uint8_t id) {
  constexpr std::string_view kNames[] = {"initiate_session", "close_session", "keep_alive",
                                         "pass_through",     "direct",        "read_audit_log"};
  return id < std::size(kNames) ? kNames[id] : "unknown_message";
}

void NameMessage(const Message& message, Transaction& out) {
  out.protocol = kService;
  out.code = message.id;
  out.operation = MessageName(message.id);
  AddDetail(out, "message", MessageName(message.id));
  if (message.id > kAuditLog) AddNumber(out, "message_id", message.id);
}

void NameCommand(std::uint16_t command, Transaction& out) {
  const std::string_view name = CommandName(command);
  out.code = command;
  out.operation = name.empty() ? "device_specific_command" : name;
  const Technique technique = FindTechnique(Techniques(), command, kAnySub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

// Response code and whether the command failed.
void TakeResponseCode(std::uint8_t code, Transaction& out) {
  if (code == 0) return;
  if (IsWarning(code)) return AddNumber(out, "warning", code);
  out.status = TransactionStatus::kException;
  out.exception = code;
}

void AddAddress(const HartPdu& hart, Transaction& out) {
  if (hart.address.size() == 1) {
    out.unit = hart.address[0] & 0x3f;
  } else if (hart.address.size() == 5) {
    // The first two bits say which master and whether the device is in burst mode.
    std::uint8_t address[5];
    for (std::size_t i = 0; i < 5; ++i) address[i] = hart.address[i];
    address[0] &= 0x3f;
    AddDetail(out, "address", base::ToHex(base::Bytes(address)));
  }
}

void DecodePassThrough(const Message& message, bool response, bool name, bool cut,
                       Transaction& out) {
  HartPdu hart;
  const bool whole = ReadHart(message.body, hart);
  if (!whole && !cut) AddAnomaly(out, "hart-ip-hart-length");
  if (!hart.header) return;
  if (name) {
    NameCommand(hart.command, out);
    AddAddress(hart, out);
  } else if (hart.command != out.code) {
    AddAnomaly(out, "hart-ip-other-command");
  }
  if (whole && !hart.checksum_good) AddAnomaly(out, "hart-ip-checksum");
  if (whole && hart.extra != 0) AddAnomaly(out, "hart-ip-trailing");
  if (!response) return DecodeData(hart.command, false, hart.data, out);
  base::ByteCursor cursor(hart.data);
  const std::uint8_t code = cursor.U8();
  const std::uint8_t status = cursor.U8();
  if (cursor.failed()) return;
  TakeResponseCode(code, out);
  if (code < 0x80) AddDetail(out, "device_status", fmt::format("0x{:02x}", status));
  DecodeData(hart.command, true, cursor.rest(), out);
}

// Device status, extended status, then commands of number (2), byte count and data.
void DecodeDirect(const Message& message, bool response, bool name, bool cut, Transaction& out) {
  base::ByteCursor cursor(message.body);
  const std::uint8_t status = cursor.U8();
  cursor.Skip(1);
  std::string numbers;
  std::size_t count = 0;
  bool asked = false;
  while (cursor.remaining() >= 3) {
    const std::uint16_t command = cursor.U16Be();
    const std::uint8_t size = cursor.U8();
    const base::Bytes data = cursor.rest().first(std::min<std::size_t>(size, cursor.remaining()));
    cursor.Skip(size);
    AppendBounded(numbers, ",", fmt::format("{}", command));
    const bool flagged = FindTechnique(Techniques(), command, kAnySub).command;
    if (name && (count == 0 || (flagged && !out.command))) NameCommand(command, out);
    asked = asked || command == out.code;
    if (++count > 1) continue;
    if (response && !data.empty()) TakeResponseCode(data[0], out);
    DecodeData(command, response, response && !data.empty() ? data.subspan(1) : data, out);
  }
  if (response) AddDetail(out, "device_status", fmt::format("0x{:02x}", status));
  if (count > 0 && !asked) AddAnomaly(out, "hart-ip-other-command");
  if (count > 1) AddDetail(out, "commands", numbers);
  if (!cut && (cursor.failed() || cursor.remaining() != 0 || count == 0)) {
    AddAnomaly(out, "hart-ip-hart-length");
  }
}

void DecodeInitiate(const Message& message, bool response, Transaction& out) {
  base::ByteCursor cursor(message.body);
  const std::uint8_t master = cursor.U8();
  const std::uint32_t timer = cursor.U32Be();
  if (cursor.failed()) return;
  AddDetail(out, response ? "granted_master" : "master", master == 1 ? "primary" : "secondary");
  AddNumber(out, response ? "granted_inactivity_ms" : "inactivity_ms", timer);
}

void DecodeBody(const Message& message, bool response, bool name, bool cut, Transaction& out) {
  switch (message.id) {
    case kInitiate:
      return DecodeInitiate(message, response, out);
    case kPassThrough:
      return DecodePassThrough(message, response, name, cut, out);
    case kDirect:
      return DecodeDirect(message, response, name, cut, out);
    default:
      return AddHex(out, response ? "response_data" : "data", message.body);
  }
}

}  // namespace

HartIpDecoder::HartIpDecoder() : FramedDecoder(kFraming, kService, "hart-ip-length") {}

void HartIpDecoder::OnMessage(bool, const Pdu& pdu) {
  Message message;
  if (!ReadMessage(pdu.bytes, message)) return OnFault("hart-ip-header");
  if (message.id == kKeepAlive) return OnKeepAlive(message);
  if (message.type == kPublish) {
    Transaction published;
    published.time_ns = pdu.first_ns;
    NameMessage(message, published);
    AddDetail(published, "message_type", "publish");
    DecodeBody(message, true, true, pdu.cut, published);
    published.command = false;
    published.status = TransactionStatus::kUnsolicited;
    if (pdu.cut) AddAnomaly(published, kTruncated);
    out().Emit(std::move(published));
    return;
  }
  if (message.type == kRequest) return OnRequest(message, pdu);
  exchange().OnResponse(OtResponse::Of(pdu, PairKey(message), message.id), out());
}

void HartIpDecoder::OnKeepAlive(const Message& message) {
  if (message.type == kRequest) return out().Count("hart-ip.keep_alive_request", 1);
  out().Count("hart-ip.keep_alive_response", 1);
  if (message.type != kResponse) OnFault("hart-ip-keep-alive-refused");
}

void HartIpDecoder::OnRequest(const Message& message, const Pdu& pdu) {
  Transaction request;
  request.time_ns = pdu.first_ns;
  NameMessage(message, request);
  if (message.version != 1) AddNumber(request, "version", message.version);
  AddNumber(request, "sequence", message.sequence);
  DecodeBody(message, false, true, pdu.cut, request);
  if (pdu.cut) AddAnomaly(request, kTruncated);
  exchange().OnRequest(PairKey(message), std::nullopt, message.id, std::move(request), out());
}

void HartIpDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  Message message;
  (void)ReadMessage(response.pdu, message);
  if (!has_request) {
    NameMessage(message, out);
    AddNumber(out, "sequence", message.sequence);
  }
  DecodeBody(message, true, !has_request, response.cut, out);
  if (response.cut) AddAnomaly(out, kTruncated);
  if (message.type == kError) AddDetail(out, "message_type", "error");
  if (message.type == kNak) AddDetail(out, "message_type", "nak");
  if (message.status != 0) AddNumber(out, "message_status", message.status);
  const bool refused = message.status != 0 && !IsWarning(message.status);
  if (!refused && message.type == kResponse) return;
  out.status = TransactionStatus::kException;
  if (!out.exception) out.exception = message.status;
}

}  // namespace tapiary::capture::hartip
