#include "capture/ot/knxnet/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "capture/ot/detail.h"
#include "capture/ot/knxnet/cemi.h"

namespace tapiary::capture::knxnet {
namespace {

constexpr std::string_view kService = "knxnet";
constexpr std::string_view kTruncated = "truncated";

bool HasConnection(std::uint16_t service) {
  return service == kConfigurationRequest || service == kConfigurationAck ||
         (service >= kTunnellingRequest && service <= 0x0425);
}

// Channel and sequence where there are some; the channel alone for connection state and the end.
std::uint64_t PairKey(std::uint16_t request, const Frame& frame, bool client_asks) {
  std::uint64_t key = std::uint64_t{request} << 16 | std::uint64_t{client_asks} << 32;
  Connection connection;
  if (HasConnection(frame.service)) {
    if (ReadConnection(frame.body, connection))
      key |= connection.channel << 8 | connection.sequence;
  } else if ((request == 0x0207 || request == 0x0209) && !frame.body.empty()) {
    key |= frame.body[0] << 8;
  }
  return key;
}

void Name(const ServiceRow& row, std::uint16_t service, Transaction& out) {
  out.protocol = kService;
  out.code = service;
  out.operation = row.name.empty() ? "unknown_service_type" : row.name;
  const Technique technique = FindTechnique(Techniques(), service, 0);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

void DecodeRequest(const Frame& frame, bool cut, Transaction& out) {
  if (frame.service == kRoutingIndication) return DecodeCemi(frame.body, cut, true, out);
  if ((frame.service == 0x0207 || frame.service == 0x0209) && !frame.body.empty()) {
    out.unit = frame.body[0];
  }
  if (!HasConnection(frame.service)) return;
  Connection connection;
  if (!ReadConnection(frame.body, connection)) {
    if (!cut) AddAnomaly(out, "knxnet-length");
    return;
  }
  out.unit = connection.channel;
  if (frame.service != kTunnellingRequest && frame.service != kConfigurationRequest) {
    return AddHex(out, "data", connection.cemi);
  }
  DecodeCemi(connection.cemi, cut, false, out);
}

// Device information of description and search responses: description 1 is the device.
void DecodeDevice(base::Bytes blocks, Transaction& out) {
  base::ByteCursor cursor(blocks);
  const std::uint8_t size = cursor.U8();
  const std::uint8_t type = cursor.U8();
  cursor.Skip(2);  // medium, status
  const std::uint16_t address = cursor.U16Be();
  cursor.Skip(2);  // project
  const base::Bytes serial = cursor.Take(6);
  cursor.Skip(10);  // multicast address, MAC
  const base::Bytes name = cursor.Take(30);
  if (cursor.failed() || size != 54 || type != 1) return;
  AddDetail(out, "device_address",
            fmt::format("{}.{}.{}", address >> 12, address >> 8 & 0xf, address & 0xff));
  AddHex(out, "serial", serial);
  AddDetail(out, "device", std::string(name.begin(), std::find(name.begin(), name.end(), 0)));
}

void Refuse(std::uint8_t status, Transaction& out) {
  if (status == 0) return;
  out.status = TransactionStatus::kException;
  out.exception = status;
}

void DecodeAnswer(const Frame& frame, Transaction& out) {
  constexpr std::size_t kEndpointSize = 8;
  base::ByteCursor cursor(frame.body);
  switch (frame.service) {
    case kDescriptionResponse:
      return DecodeDevice(frame.body, out);
    case kSearchResponse:
    case kSearchResponseExtended:
      cursor.Skip(kEndpointSize);
      return DecodeDevice(cursor.rest(), out);
    case kConnectResponse:
    case 0x0208:
    case 0x020a:
      out.unit = cursor.U8();
      return Refuse(cursor.U8(), out);
    case kConfigurationAck:
    case kTunnellingAck: {
      Connection connection;
      if (ReadConnection(frame.body, connection)) Refuse(connection.status, out);
      return;
    }
    default:
      return AddHex(out, "response_data", frame.body);
  }
}

}  // namespace

KnxNetDecoder::KnxNetDecoder() : FramedDecoder(kFraming, kService, "knxnet-length") {}

PduFront KnxNetDecoder::DatagramFront(bool from_client, base::Bytes bytes) {
  datagrams_ = true;
  const PduFront front = kFraming.front(bytes, from_client);
  return front.kind == PduFront::Kind::kMore ? PduFront::Bad("knxnet-length") : front;
}

void KnxNetDecoder::OnMessage(bool from_client, const Pdu& pdu) {
  Frame frame;
  if (!ReadFrame(pdu.bytes, frame)) return OnFault("knxnet-header");
  const ServiceRow row = FindService(frame.service);
  if (row.role != Role::kResponse) return OnRequest(from_client, row, frame, pdu);
  const std::uint64_t key = PairKey(row.request, frame, !from_client);
  exchange().OnResponse(OtResponse::Of(pdu, key, row.request), out());
}

void KnxNetDecoder::OnRequest(bool from_client, const ServiceRow& row, const Frame& frame,
                              const Pdu& pdu) {
  Transaction request;
  request.time_ns = pdu.first_ns;
  Name(row, frame.service, request);
  if (!from_client) AddDetail(request, "asked_by", "server");
  DecodeRequest(frame, pdu.cut, request);
  if (pdu.cut) AddAnomaly(request, kTruncated);
  if (row.role == Role::kUnknown) AddAnomaly(request, "knxnet-service");
  const bool acknowledged =
      datagrams_ || (frame.service != kTunnellingRequest && frame.service != kConfigurationRequest);
  if (row.role != Role::kRequest || !acknowledged) {
    request.status = TransactionStatus::kUnsolicited;
    return out().Emit(std::move(request));
  }
  exchange().OnRequest(PairKey(frame.service, frame, from_client), std::nullopt, frame.service,
                       std::move(request), out());
}

void KnxNetDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  Frame frame;
  (void)ReadFrame(response.pdu, frame);
  if (!has_request) Name(FindService(frame.service), frame.service, out);
  DecodeAnswer(frame, out);
  if (response.cut) AddAnomaly(out, kTruncated);
}

}  // namespace tapiary::capture::knxnet
