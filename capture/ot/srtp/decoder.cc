#include "capture/ot/srtp/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "capture/ot/detail.h"
#include "capture/ot/srtp/message.h"

namespace tapiary::capture::srtp {
namespace {

constexpr std::string_view kService = "ge-srtp";
constexpr std::size_t kMaxValues = 1000;
constexpr std::uint64_t kInitKey = 1 << 16;
// Answers of read services tell their request's selector by nothing: it is kept as a detail.
constexpr std::string_view kSelectorKey = "selector";

// Words, bytes, or bytes of bits from the bit asked for on.
void TakeValues(base::Bytes data, const Segment& segment, std::uint64_t offset,
                std::uint64_t length, Transaction& out) {
  base::ByteCursor cursor(data);
  const std::uint64_t count = std::min<std::uint64_t>(length, kMaxValues);
  if (segment.width == 16) {
    while (out.values.size() < count && cursor.remaining() >= 2)
      out.values.push_back(cursor.U16Le());
  } else if (segment.width == 8) {
    while (out.values.size() < count && cursor.remaining() > 0) out.values.push_back(cursor.U8());
  } else if (segment.width == 1) {
    for (std::uint64_t bit = offset % 8; out.values.size() < count && bit / 8 < data.size();
         ++bit) {
      out.values.push_back(data[bit / 8] >> (bit % 8) & 1);
    }
  }
}

bool IsMemory(std::int32_t service) {
  return service >= 0x04 && service <= 0x09;
}

void AddMemory(const Message& message, Transaction& out) {
  const Segment segment = SegmentOf(message.selector);
  out.address = message.offset;
  out.quantity = message.length;
  AddDetail(out, kSelectorKey, fmt::format("0x{:02x}", message.selector));
  if (!segment.name.empty()) {
    AddDetail(out, "segment", segment.name);
    AddDetail(out, "access", segment.width == 16 ? "word" : segment.width == 8 ? "byte" : "bit");
  }
  if (message.service < 0x07) return;
  const base::Bytes data = message.mailbox == kLongRequest ? message.data : message.short_data;
  TakeValues(data, segment, message.offset, message.length, out);
  if (!segment.name.empty() && out.values.size() != message.length &&
      message.length <= kMaxValues) {
    AddAnomaly(out, "ge-srtp-count-mismatch");
  }
}

void AddText(Transaction& out, std::string_view key, base::Bytes bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    if (byte >= 0x20 && byte < 0x7f) text.push_back(static_cast<char>(byte));
    if (byte == 0 && !text.empty()) break;
  }
  if (!text.empty()) AddDetail(out, key, text);
}

void DecodeRequest(const Message& message, Transaction& out) {
  const std::string_view name = ServiceName(message.service);
  out.code = message.service;
  out.operation = name.empty() ? "unknown_service" : name;
  const Technique technique = FindTechnique(Techniques(), message.service, kAnySub);
  out.command = technique.command;
  out.attack_technique = technique.id;
  AddNumber(out, "sequence", message.sequence);
  AddDetail(out, "destination", fmt::format("{:08x}", message.destination));
  if (message.packets > 1)
    AddDetail(out, "packet", fmt::format("{}/{}", message.packet, message.packets));
  if (IsMemory(message.service)) return AddMemory(message, out);
  if (message.service == 0x23) AddNumber(out, "state", message.selector);
  if (message.service == 0x21) AddNumber(out, "level", message.selector);
  if (message.service != 0x23 && message.service != 0x21) {
    AddHex(out, "parameters", message.short_data);
  }
  if (message.service == 0x20 || message.service == 0x21) AddText(out, "password", message.data);
  AddHex(out, "data", message.data);
}

// What a read asked for, from the transaction of its request.
Segment SegmentAsked(const Transaction& out) {
  std::string_view name, access;
  for (const auto& [key, text] : out.detail) {
    if (key == "segment") name = text;
    if (key == "access") access = text;
  }
  const std::uint8_t width = access == "word" ? 16 : access == "byte" ? 8 : access == "bit" ? 1 : 0;
  return {name, width};
}

}  // namespace

SrtpDecoder::SrtpDecoder() : FramedDecoder(kFraming, kService, "ge-srtp-length") {}

void SrtpDecoder::OnMessage(bool, const Pdu& pdu) {
  Message message;
  if (!ReadMessage(pdu.bytes, message)) return OnFault("ge-srtp-type");
  const bool init = message.type <= kInitAck;
  const std::uint64_t key = init ? kInitKey : message.sequence;
  if (message.type == kInitAck || message.type == kResponse) {
    return exchange().OnResponse(OtResponse::Of(pdu, key), out());
  }
  Transaction request;
  request.time_ns = pdu.first_ns;
  request.protocol = kService;
  if (init) {
    request.operation = "connection_init";
    request.code = -1;
  } else {
    DecodeRequest(message, request);
  }
  if (pdu.cut) AddAnomaly(request, "truncated");
  exchange().OnRequest(key, std::nullopt, 0, std::move(request), out());
}

void SrtpDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  Message message;
  (void)ReadMessage(response.pdu, message);
  out.protocol = kService;
  if (!has_request) {
    out.operation = message.type == kInitAck ? "connection_init" : "response";
    if (message.type == kInitAck) out.code = -1;
    if (message.type == kResponse) AddNumber(out, "sequence", message.sequence);
  }
  if (response.cut) AddAnomaly(out, "truncated");
  if (message.type == kInitAck) return;
  if (message.mailbox == kError) {
    out.status = TransactionStatus::kException;
    out.exception = static_cast<std::uint32_t>(message.error << 8 | message.minor);
    return;
  }
  if (!has_request) return;
  const base::Bytes data = message.mailbox == kShortReply ? message.short_data : message.data;
  if (out.code >= 0x04 && out.code <= 0x06) {
    TakeValues(data, SegmentAsked(out), out.address.value_or(0), out.quantity.value_or(0), out);
  } else if (out.code == 0x43 || out.code == 0x03) {
    AddText(out, out.code == 0x43 ? "controller" : "program", data);
    AddHex(out, "answer", data);
  } else if (out.code == 0x00) {
    AddHex(out, "plc_status", message.state);
  }
}

}  // namespace tapiary::capture::srtp
