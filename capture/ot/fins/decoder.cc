#include "capture/ot/fins/decoder.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/text.h"
#include "capture/ot/detail.h"
#include "capture/ot/fins/commands.h"
#include "capture/ot/fins/frame.h"

namespace tapiary::capture::fins {
namespace {

constexpr std::string_view kService = "fins";
constexpr std::size_t kMaxValues = 1000;
// The end code without the flags that only tell of an error of the PLC itself.
constexpr std::uint16_t kEndCode = 0x7f3f;

// The command belongs to the key: some clients never change the service id.
std::uint64_t PairKey(const std::uint8_t (&client)[3], const std::uint8_t (&server)[3],
                      const Frame& frame) {
  std::uint64_t key = static_cast<std::uint64_t>(frame.command) << 8 | frame.sid;
  for (const std::uint8_t part : client) key = key * 257 + part;
  for (const std::uint8_t part : server) key = key * 257 + part;
  return key;
}

std::string Node(const std::uint8_t (&address)[3]) {
  return fmt::format("{}.{}.{}", address[0], address[1], address[2]);
}

// Area code, word address, bit; words or bits by the area code.
bool TakeAddress(base::ByteCursor& cursor, Transaction& out) {
  const std::uint8_t area = cursor.U8();
  const std::uint16_t word = cursor.U16Be();
  const std::uint8_t bit = cursor.U8();
  if (cursor.failed()) return false;
  out.address = word;
  AddDetail(out, "area", fmt::format("0x{:02x}", area));
  if ((area & 0x80) == 0) AddNumber(out, "bit", bit);
  return (area & 0x80) != 0;
}

void TakeValues(base::ByteCursor& cursor, bool words, Transaction& out) {
  const std::size_t size = words ? 2 : 1;
  while (cursor.remaining() >= size && out.values.size() < kMaxValues) {
    out.values.push_back(words ? cursor.U16Be() : cursor.U8());
  }
}

void DecodeMemory(std::uint16_t command, base::ByteCursor& cursor, Transaction& out) {
  const bool words = TakeAddress(cursor, out);
  if (cursor.remaining() < 2) return AddAnomaly(out, "fins-length");
  out.quantity = cursor.U16Be();
  if (command == 0x0101) return;
  TakeValues(cursor, words, out);
  const std::uint64_t wanted = command == 0x0103 ? 1 : *out.quantity;
  if (out.values.size() != wanted) AddAnomaly(out, "fins-count-mismatch");
}

void DecodeRequest(const Frame& frame, Transaction& out) {
  base::ByteCursor cursor(frame.data);
  switch (frame.command) {
    case 0x0101:
    case 0x0102:
    case 0x0103:
      return DecodeMemory(frame.command, cursor, out);
    case 0x0304:
    case 0x0305:
    case 0x0306:
    case 0x0307:
    case 0x0308:
    case 0x0401:
    case 0x0402:
    case 0x0c01:
    case 0x0c02:
    case 0x0c03:
      if (cursor.remaining() >= 2) AddNumber(out, "program", cursor.U16Be());
      break;
    default:
      break;
  }
  if (frame.command == 0x0401 && cursor.remaining() > 0) {
    AddNumber(out, "mode", cursor.U8());  // 2 monitor, 4 run
  }
  AddHex(out, "data", cursor.rest());
}

void AddText(Transaction& out, std::string_view key, base::Bytes bytes) {
  std::string text(bytes.begin(), bytes.end());
  text.erase(text.find_last_not_of(std::string(" \0", 2)) + 1);
  if (!text.empty()) AddDetail(out, key, text);
}

void Name(const Frame& frame, Transaction& out) {
  const std::string_view name = OperationName(frame.command);
  out.protocol = kService;
  out.code = frame.command;
  out.operation = name.empty() ? "unknown_command" : name;
  const Technique technique = FindTechnique(Techniques(), frame.command, kAnySub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

}  // namespace

FinsDecoder::FinsDecoder() : FramedDecoder(kFraming, kService, "fins-length") {}

PduFront FinsDecoder::DatagramFront(bool, base::Bytes bytes) {
  Frame frame;
  if (bytes.size() < kHeaderSize) return PduFront::Bad("fins-length");
  return ReadFrame(bytes, frame) ? PduFront::Of(bytes.size()) : PduFront::Bad("fins-header");
}

void FinsDecoder::OnMessage(bool, const Pdu& pdu) {
  // A datagram is the frame; in TCP "FINS" cannot be a frame, whose first bit is set.
  if (pdu.bytes[0] != 'F') return OnFrame(pdu.bytes, pdu);
  const Wrapped wrapped = Unwrap(pdu.bytes);
  OnWrapper(wrapped.command, wrapped.error);
  if (wrapped.command == kFrame) OnFrame(wrapped.frame, pdu);
}

void FinsDecoder::OnWrapper(std::uint32_t command, std::uint32_t error) {
  switch (command) {
    case kNodeRequest:
      out().Count("fins.tcp_node_request", 1);
      break;
    case kNodeReply:
      out().Count("fins.tcp_node_reply", 1);
      break;
    case kFrame:
      out().Count("fins.tcp_frame", 1);
      break;
    case kSendError:
      out().Count("fins.tcp_send_error", 1);
      break;
    case kConfirm:
      out().Count("fins.tcp_confirm", 1);
      break;
    default:
      OnFault("fins-tcp-command");
      break;
  }
  if (error != 0) OnFault("fins-tcp-error");
}

void FinsDecoder::OnFrame(base::Bytes bytes, const Pdu& pdu) {
  Frame frame;
  if (!ReadFrame(bytes, frame)) return OnFault("fins-header");
  if (frame.response) {
    const std::uint64_t key = PairKey(frame.destination, frame.source, frame);
    OtResponse response = OtResponse::Of(pdu, key, frame.command);
    response.pdu = bytes;
    return exchange().OnResponse(response, out());
  }
  Transaction request;
  request.time_ns = pdu.first_ns;
  Name(frame, request);
  request.unit = frame.destination[1];
  AddDetail(request, "destination", Node(frame.destination));
  AddDetail(request, "source", Node(frame.source));
  AddNumber(request, "sid", frame.sid);
  DecodeRequest(frame, request);
  if (pdu.cut) AddAnomaly(request, "truncated");
  if (!frame.wants_reply) {
    AddDetail(request, "reply", "not wanted");
    out().Emit(std::move(request));
    return;
  }
  exchange().OnRequest(PairKey(frame.source, frame.destination, frame), std::nullopt, frame.command,
                       std::move(request), out());
}

void FinsDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  Frame frame;
  (void)ReadFrame(response.pdu, frame);
  if (!has_request) {
    Name(frame, out);
    out.unit = frame.source[1];
    AddDetail(out, "destination", Node(frame.source));
    AddDetail(out, "source", Node(frame.destination));
    AddNumber(out, "sid", frame.sid);
  }
  if (response.cut) AddAnomaly(out, "truncated");
  base::ByteCursor cursor(frame.data);
  const std::uint16_t end_code = cursor.U16Be();
  if (cursor.failed()) return AddAnomaly(out, "fins-length");
  if ((end_code & kEndCode) != 0) {
    out.status = TransactionStatus::kException;
    out.exception = end_code;
    return;
  }
  if (frame.command == 0x0101) {
    const bool bits =
        !out.detail.empty() && has_request && out.quantity.value_or(0) == cursor.remaining();
    TakeValues(cursor, !bits, out);
  } else if (frame.command == 0x0501) {
    AddText(out, "model", cursor.Take(std::min<std::size_t>(20, cursor.remaining())));
    AddText(out, "version", cursor.Take(std::min<std::size_t>(20, cursor.remaining())));
  } else if (frame.command == 0x0601 && cursor.remaining() >= 2) {
    AddNumber(out, "run_status", cursor.U8());
    AddNumber(out, "mode", cursor.U8());
  }
}

}  // namespace tapiary::capture::fins
