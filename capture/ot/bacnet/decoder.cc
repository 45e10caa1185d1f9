#include "capture/ot/bacnet/decoder.h"

#include <algorithm>
#include <utility>

#include "capture/ot/bacnet/decode.h"
#include "capture/ot/bacnet/names.h"
#include "capture/ot/bacnet/pairing.h"
#include "capture/ot/detail.h"

namespace tapiary::capture::bacnet {
namespace {

constexpr std::string_view kService = "bacnet";
// OtResponse::kind: what its bytes are.
constexpr std::uint32_t kNpduKind = 0;
constexpr std::uint32_t kBvlcKind = 1;

constexpr std::string_view kApduCounters[kApduTypes] = {
    "bacnet.apdu.confirmed_request",
    "bacnet.apdu.unconfirmed_request",
    "bacnet.apdu.simple_ack",
    "bacnet.apdu.complex_ack",
    "bacnet.apdu.segment_ack",
    "bacnet.apdu.error",
    "bacnet.apdu.reject",
    "bacnet.apdu.abort",
};
constexpr std::string_view kBvlcCounters[] = {
    "bacnet.bvlc.result",         "bacnet.bvlc.write_bdt",
    "bacnet.bvlc.read_bdt",       "bacnet.bvlc.read_bdt_ack",
    "bacnet.bvlc.forwarded_npdu", "bacnet.bvlc.register_foreign_device",
    "bacnet.bvlc.read_fdt",       "bacnet.bvlc.read_fdt_ack",
    "bacnet.bvlc.delete_fdt",     "bacnet.bvlc.distribute_broadcast",
    "bacnet.bvlc.unicast_npdu",   "bacnet.bvlc.broadcast_npdu",
    "bacnet.bvlc.secure",
};

std::string_view BvlcCounter(std::uint8_t function) {
  return function < std::size(kBvlcCounters) ? kBvlcCounters[function]
                                             : "bacnet.bvlc.address_resolution";
}

}  // namespace

BacnetDecoder::BacnetDecoder() : exchange_(kService, *this) {}

void BacnetDecoder::OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                               OtOutput& out) {
  Expire(time_ns, out);
  Packet packet;
  packet.from_client = from_client;
  packet.cut = cut;
  packet.first_ns = packet.last_ns = time_ns;
  packet.bvlc = ReadBvlc(bytes);
  if (packet.bvlc.layer == Layer::kNone) return out.Anomaly("bacnet-bvlc");
  if (packet.bvlc.size != bytes.size() && !(cut && packet.bvlc.size > bytes.size())) {
    out.Anomaly("bacnet-length");
  }
  if (packet.bvlc.layer != Layer::kLlc) out.Count(BvlcCounter(packet.bvlc.function), 1);
  if (!packet.bvlc.with_npdu) return OnBvlc(packet, out);
  packet.whole = packet.bvlc.rest;
  packet.npdu = ReadNpdu(packet.whole);
  if (!packet.npdu.valid) return out.Anomaly(cut ? "bacnet-truncated" : "bacnet-npdu");
  out.Count("bacnet.npdus", 1);
  packet.npdu.is_network_message() ? OnNetworkMessage(packet, out) : OnApdu(packet, out);
}

Transaction BacnetDecoder::Begin(const Packet& packet, std::string_view kind) const {
  Transaction transaction;
  transaction.protocol = kService;
  transaction.time_ns = packet.first_ns;
  AddDetail(transaction, "kind", kind);
  if (!packet.from_client) AddDetail(transaction, "sent_by", "responder");
  if (!packet.bvlc.origin.empty()) {
    AddDetail(transaction, "origin", FormatOrigin(packet.bvlc.origin));
  }
  const Npdu& npdu = packet.npdu;
  if (npdu.has_dest) {
    AddDetail(transaction, "destination", FormatNetworkAddress(npdu.dest_net, npdu.dest_address));
  }
  if (npdu.has_source) {
    AddDetail(transaction, "source", FormatNetworkAddress(npdu.source_net, npdu.source_address));
  }
  if ((npdu.control & 3) != 0) AddNumber(transaction, "network_priority", npdu.control & 3);
  return transaction;
}

void BacnetDecoder::OnBvlc(const Packet& packet, OtOutput& out) {
  const std::uint8_t function = packet.bvlc.function;
  if (function == kSecureBvlc || function >= kAddressResolution) return;  // counted
  if (function == kResult || function == kReadBdtAck || function == kReadFdtAck) {
    OtResponse response;
    response.key = BvlcKey(packet.bvlc, !packet.from_client);
    response.kind = kBvlcKind;
    response.pdu = packet.bvlc.message;
    response.cut = packet.cut;
    response.first_ns = response.last_ns = packet.first_ns;
    return exchange_.OnResponse(response, out);
  }
  Transaction request = Begin(packet, "bvlc");
  DecodeBvlcRequest(packet.bvlc, request);
  if (packet.cut) AddAnomaly(request, "truncated");
  exchange_.OnRequest(BvlcKey(packet.bvlc, packet.from_client), std::nullopt, kBvlcKind,
                      std::move(request), out);
}

void BacnetDecoder::OnNetworkMessage(const Packet& packet, OtOutput& out) {
  Transaction message = Begin(packet, "network");
  DecodeNetworkMessage(packet.npdu, message);
  if (packet.cut) AddAnomaly(message, "truncated");
  message.status = TransactionStatus::kUnsolicited;
  out.Emit(std::move(message));
}

void BacnetDecoder::OnApdu(Packet& packet, OtOutput& out) {
  packet.apdu = ReadApdu(packet.npdu.rest);
  const Apdu& apdu = packet.apdu;
  if (!apdu.valid) return out.Anomaly(packet.cut ? "bacnet-truncated" : "bacnet-apdu");
  out.Count(kApduCounters[apdu.type], 1);
  if (apdu.type == kSegmentAck) return;
  if (apdu.segmented) return OnSegment(packet, out);
  if (apdu.type != kUnconfirmedRequest) return OnWholeApdu(packet, out);
  Transaction message = Begin(packet, "unconfirmed");
  DecodeRequest(apdu, packet.cut, message);
  message.status = TransactionStatus::kUnsolicited;
  out.Emit(std::move(message));
}

void BacnetDecoder::OnSegment(const Packet& packet, OtOutput& out) {
  Segment segment;
  segment.key = ApduKey(packet.npdu, packet.apdu, packet.from_client).strong;
  segment.from_client = packet.from_client;
  segment.sequence = packet.apdu.sequence;
  segment.more_follows = packet.apdu.more_follows;
  segment.cut = packet.cut;
  segment.data = packet.apdu.data;
  segment.time_ns = packet.first_ns;
  const std::size_t front = packet.whole.size() - packet.apdu.data.size();
  if (const auto done = segments_.Add(segment, packet.whole.first(front))) OnAssembled(*done, out);
}

// The assembled bytes have the first segment's header: its sequence number is of no meaning.
void BacnetDecoder::OnAssembled(const Assembled& message, OtOutput& out) {
  Packet packet;
  packet.from_client = message.from_client;
  packet.cut = message.cut;
  packet.first_ns = message.first_ns;
  packet.last_ns = message.last_ns;
  std::vector<std::uint8_t> bytes = message.bytes;
  packet.npdu = ReadNpdu(bytes);
  packet.apdu = ReadApdu(packet.npdu.rest);
  if (!packet.apdu.valid) return;
  SetSegmentCount(bytes, packet.npdu, packet.apdu, message.segments);
  packet.whole = bytes;
  packet.apdu = ReadApdu(packet.npdu.rest);
  OnWholeApdu(packet, out);
}

void BacnetDecoder::OnWholeApdu(const Packet& packet, OtOutput& out) {
  const Apdu& apdu = packet.apdu;
  const PairKey key = ApduKey(packet.npdu, apdu, packet.from_client);
  if (apdu.type == kConfirmedRequest) {
    Transaction request = Begin(packet, "confirmed");
    AddNumber(request, "invoke_id", apdu.invoke_id);
    DecodeRequest(apdu, packet.cut, request);
    if (apdu.segmented) AddNumber(request, "request_segments", apdu.sequence);
    exchange_.OnRequest(key.strong, key.loose, kNpduKind, std::move(request), out);
    return;
  }
  OtResponse response;
  response.key = key.strong;
  response.loose_key = key.loose;
  response.kind = kNpduKind;
  response.pdu = packet.whole;
  response.cut = packet.cut;
  response.first_ns = packet.first_ns;
  response.last_ns = packet.last_ns;
  exchange_.OnResponse(response, out);
}

void BacnetDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  if (response.kind == kBvlcKind) {
    if (!has_request) AddDetail(out, "kind", "bvlc");
    DecodeBvlcReply(ReadBvlc(response.pdu), has_request, out);
    if (response.cut) AddAnomaly(out, "truncated");
    return;
  }
  const Npdu npdu = ReadNpdu(response.pdu);
  const Apdu apdu = ReadApdu(npdu.rest);
  if (!has_request) {
    AddDetail(out, "kind", "confirmed");
    if (npdu.has_source) {
      AddDetail(out, "source", FormatNetworkAddress(npdu.source_net, npdu.source_address));
    }
  }
  DecodeReply(apdu, response.cut, has_request, out);
  if (apdu.segmented) AddNumber(out, "response_segments", apdu.sequence);
}

void BacnetDecoder::Expire(std::int64_t now_ns, OtOutput& out) {
  while (const auto stale = segments_.TakeStale(now_ns, false)) OnAssembled(*stale, out);
  exchange_.Expire(now_ns, out);
}

std::int64_t BacnetDecoder::next_due_ns() const {
  return std::min(exchange_.next_due_ns(), segments_.next_due_ns());
}

std::size_t BacnetDecoder::held_bytes() const {
  return exchange_.held_bytes() + segments_.held_bytes();
}

bool BacnetDecoder::GiveUpOldest(OtOutput& out) {
  const bool larger = segments_.held_bytes() > exchange_.held_bytes();
  if (!larger && exchange_.GiveUpOldest(out)) return true;
  const auto begun = segments_.TakeStale(0, true);
  if (begun) OnAssembled(*begun, out);
  return begun.has_value();
}

void BacnetDecoder::Finish(OtOutput& out) {
  while (const auto stale = segments_.TakeStale(0, true)) OnAssembled(*stale, out);
  exchange_.Finish(out);
}

}  // namespace tapiary::capture::bacnet
