#include "capture/ot/enip/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "capture/ot/cip/decode.h"
#include "capture/ot/cip/message.h"
#include "capture/ot/cip/services.h"
#include "capture/ot/detail.h"
#include "capture/ot/enip/commands.h"
#include "capture/ot/enip/items.h"
#include "capture/ot/enip/list_replies.h"

namespace tapiary::capture::enip {
namespace {

constexpr std::string_view kItemLength = "enip-item-length";
constexpr std::uint32_t kCommandKind = 0x10000;  // OtResponse::kind of what is no CIP message
constexpr std::uint64_t kConnectedSpace = 0x7000000000000000u;

std::uint64_t CommandKey(const Header& header) {
  // A session exists from the reply to RegisterSession on; the other commands work without.
  const bool data = header.command == kSendRrData || header.command == kSendUnitData;
  const std::uint16_t command = data ? std::uint16_t{kSendRrData} : header.command;
  return cip::InnerKey(header.context ^ (data ? header.session : 0u), 0) ^
         (static_cast<std::uint64_t>(command) << 40);
}

std::uint64_t ConnectedKey(std::uint32_t connection, std::uint16_t sequence) {
  return kConnectedSpace ^ (static_cast<std::uint64_t>(connection) << 16) ^ sequence;
}

std::string Hex32(std::uint32_t number) {
  return fmt::format("0x{:08x}", number);
}

}  // namespace

EnipDecoder::EnipDecoder() : FramedDecoder(kFraming, kService, "enip-length") {}

void EnipDecoder::OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                             OtOutput& out) {
  datagram_ = true;
  FramedDecoder::OnDatagram(from_client, bytes, cut, time_ns, out);
}

void EnipDecoder::OnMessage(bool from_client, const Pdu& pdu) {
  Header header;
  (void)ReadHeader(pdu.bytes, header);
  const base::Bytes body = BodyOf(pdu.bytes, header);
  out().Count(CounterName(header.command, from_client), 1);
  if (header.command == kNop) return;
  if (header.command != kSendRrData && header.command != kSendUnitData) {
    return OnCommand(from_client, header, body, pdu);
  }
  if (header.status != 0 && body.size() < kDataHeaderSize + 2) {
    return Refused(from_client, header, pdu);
  }
  OnData(from_client, header, body, pdu);
}

void EnipDecoder::OnCommand(bool from_client, const Header& header, base::Bytes body,
                            const Pdu& pdu) {
  if (!IsRequest(header, body, from_client)) return Refused(from_client, header, pdu);
  Transaction request;
  request.time_ns = pdu.first_ns;
  DecodeCommand(header, body, datagram_, request);
  if (pdu.cut) AddAnomaly(request, "truncated");
  if (header.command == kUnregisterSession) {  // nobody answers it
    request.status = TransactionStatus::kUnsolicited;
    return out().Emit(std::move(request));
  }
  exchange().OnRequest(CommandKey(header), header.command, kCommandKind | header.command,
                       std::move(request), out());
}

// A reply that is no CIP message: to a command, or one that refuses CIP data.
void EnipDecoder::Refused(bool, const Header& header, const Pdu& pdu) {
  OtResponse response = OtResponse::Of(pdu, CommandKey(header), kCommandKind | header.command);
  if (header.command != kSendRrData && header.command != kSendUnitData) {
    response.loose_key = header.command;
  }
  exchange().OnResponse(response, out());
}

void EnipDecoder::OnData(bool from_client, const Header& header, base::Bytes body, const Pdu& pdu) {
  const base::Bytes rest = body.subspan(std::min(body.size(), kDataHeaderSize));
  const ItemList items = ReadItems(rest);
  Carrier carrier;
  carrier.header = &header;
  carrier.pdu = &pdu;
  carrier.from_client = from_client;
  carrier.cut = pdu.cut;
  const Item* const connected = items.Find(kConnectedDataItem);
  const Item* const address = items.Find(kConnectedAddressItem);
  if (connected != nullptr && address != nullptr) {
    base::ByteCursor cursor(address->data);
    return OnConnected(carrier, cursor.U32Le(), connected->data);
  }
  const Item* const unconnected = items.Find(kUnconnectedDataItem);
  if (unconnected == nullptr || unconnected->data.empty()) {
    Transaction message;
    message.time_ns = pdu.first_ns;
    DecodeCommand(header, {}, datagram_, message);
    AddAnomaly(message, pdu.cut ? "truncated" : "enip-items");
    message.status = TransactionStatus::kUnsolicited;
    return out().Emit(std::move(message));
  }
  if (!items.complete && !pdu.cut) OnFault(kItemLength);
  carrier.cut = !items.complete;
  carrier.key = CommandKey(header);
  OnCip(carrier, unconnected->data);
}

void EnipDecoder::OnConnected(Carrier& carrier, std::uint32_t connection_id, base::Bytes data) {
  base::ByteCursor cursor(data);
  const std::uint16_t sequence = cursor.U16Le();
  const base::Bytes message = cursor.rest();
  carrier.connected = true;
  carrier.connection_id = connection_id;
  carrier.sequence = sequence;
  const Connections::Connection* const connection =
      carrier.from_client ? &connections_.OfRequest(connection_id, sequence)
                          : connections_.OfResponse(connection_id, sequence);
  carrier.key = ConnectedKey(connection != nullptr ? connection->o_to_t : 0, sequence);
  carrier.loose_key = ConnectedKey(0, sequence);
  const bool told = connection != nullptr && connection->transport_class.has_value();
  const bool is_cip = told ? *connection->transport_class >= 2
                           : carrier.pdu->cut || cip::IsPlausibleMessage(message);
  // A message that is empty keeps the connection alive.
  if (!is_cip || message.empty()) return out().Count("enip.connected_data", 1);
  OnCip(carrier, message);
}

void EnipDecoder::OnCip(const Carrier& carrier, base::Bytes message) {
  cip::IsResponse(message) ? OnCipResponse(carrier, message) : OnCipRequest(carrier, message);
}

void EnipDecoder::OnCipRequest(const Carrier& carrier, base::Bytes message) {
  cip::SplitRequest(message, carrier.key, parts_);
  for (const cip::Part& part : parts_) {
    Transaction request;
    request.time_ns = carrier.pdu->first_ns;
    cip::DecodeRequest(part, carrier.cut, request);
    AddDetail(request, "session", Hex32(carrier.header->session));
    if (carrier.connected) {
      AddDetail(request, "connection_id", Hex32(carrier.connection_id));
      AddNumber(request, "sequence", carrier.sequence);
    }
    if (!carrier.from_client) AddAnomaly(request, "cip-request-from-server");
    NoteRequest(part);
    const bool alone = part.index == 0;
    exchange().OnRequest(part.key, alone ? carrier.loose_key : std::nullopt,
                         static_cast<std::uint32_t>(request.code), std::move(request), out());
  }
}

void EnipDecoder::NoteRequest(const cip::Part& part) {
  if (part.count != 0) {
    multiples_[next_multiple_++ % multiples_.size()] = {part.key, part.count};
    return;
  }
  const cip::RequestView view = cip::ReadRequest(part.message);
  bool large = false;
  if (!cip::IsForwardOpen(view.service, large) || view.bad) return;
  const auto open = cip::ReadForwardOpen(view.data, large);
  if (open) connections_.OnOpen(*open);
}

void EnipDecoder::OnCipResponse(const Carrier& carrier, base::Bytes message) {
  cip::SplitResponse(message, carrier.key, parts_);
  NoteResponse(parts_.front().message);
  for (const cip::Part& part : parts_) Answer(carrier, part.key, part.message);
  const cip::ResponseView view = cip::ReadResponse(message);
  if (parts_.size() == 1 && view.status != 0) AnswerInner(carrier, carrier.key, message);
}

// What says that a connection is open or closed now.
void EnipDecoder::NoteResponse(base::Bytes message) {
  const cip::ResponseView view = cip::ReadResponse(message);
  bool large = false;
  if (view.bad || view.status != 0) return;
  if (cip::IsForwardOpen(view.service, large)) {
    const auto opened = cip::ReadForwardOpenReply(view.data);
    if (opened) (void)connections_.OnOpened(*opened);
  } else if (view.service == cip::kForwardClose) {
    const auto closed = cip::ReadCloseReply(view.data);
    if (closed) connections_.OnClosed(*closed);
  }
}

void EnipDecoder::Answer(const Carrier& carrier, std::uint64_t key, base::Bytes message) {
  OtResponse response;
  response.key = key;
  if (key == carrier.key) response.loose_key = carrier.loose_key;
  response.kind = message.empty() ? 0 : message[0] & 0x7fu;
  response.pdu = message;
  response.cut = carrier.cut;
  response.first_ns = carrier.pdu->first_ns;
  response.last_ns = carrier.pdu->last_ns;
  exchange().OnResponse(response, out());
}

void EnipDecoder::AnswerInner(const Carrier& carrier, std::uint64_t key, base::Bytes message) {
  for (Multiple& multiple : multiples_) {
    if (multiple.count == 0 || multiple.key != key) continue;
    for (std::uint32_t i = 1; i <= multiple.count; ++i) {
      Answer(carrier, cip::InnerKey(key, i), message);
    }
    multiple.count = 0;
    return;
  }
}

void EnipDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  if (response.kind < kCommandKind) {
    cip::DecodeResponse(response.pdu, response.cut, has_request, out);
    return;
  }
  Header header;
  (void)ReadHeader(response.pdu, header);
  DecodeReply(header, BodyOf(response.pdu, header), has_request, out);
  if (response.cut) AddAnomaly(out, "truncated");
}

}  // namespace tapiary::capture::enip
