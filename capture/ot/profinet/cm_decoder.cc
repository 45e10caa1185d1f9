#include "capture/ot/profinet/cm_decoder.h"

#include <utility>

#include "capture/ot/layer2/fields.h"
#include "capture/ot/profinet/cm_decode.h"

namespace tapiary::capture::profinet {
namespace {

// Requests of both ends share the table: who called is part of the key.
std::uint64_t KeyOf(const RpcHeader& header, bool caller_is_client) {
  const std::uint64_t activity = layer2::HashOf(header.activity);
  const std::uint64_t call =
      static_cast<std::uint64_t>(header.sequence) << 8 | (caller_is_client ? 1u : 0u);
  return activity ^ call * 0x9e3779b97f4a7c15u;
}

bool IsAnswer(RpcType type) {
  return type == RpcType::kResponse || type == RpcType::kFault || type == RpcType::kReject;
}

}  // namespace

void CmDecoder::OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                           OtOutput& out) {
  Expire(time_ns, out);
  RpcHeader header;
  if (!ReadRpcHeader(bytes, header)) {
    if (!cut) Fault("profinet-io-header", "profinet-io.malformed", out);
    return;
  }
  const bool answer = IsAnswer(header.type);
  if (!answer && header.type != RpcType::kRequest) return out.Count("profinet-io.rpc_control", 1);
  Call call;
  call.from_client = from_client;
  call.key = KeyOf(header, answer != from_client);
  call.first_ns = call.last_ns = time_ns;
  call.cut = cut || header.body.size() < header.length;
  call.bytes = bytes.first(kRpcHeaderBytes + header.body.size());
  if (!header.fragment) return OnCall(call, header, out);
  out.Count("profinet-io.fragments", 1);
  Fragments::Call done;
  bool lost = false;
  const bool complete =
      fragments_.Add(call.key ^ (answer ? 1u : 0u), header, bytes, call.cut, time_ns, done, lost);
  if (lost) Fault("profinet-io-fragment-missing", "profinet-io.fragments_missing", out);
  if (!complete || !ReadRpcHeader(done.bytes, header)) return;
  call.first_ns = done.first_ns;
  call.cut = done.cut;
  call.bytes = done.bytes;
  OnCall(call, header, out);
}

void CmDecoder::OnCall(const Call& call, const RpcHeader& header, OtOutput& out) {
  if (IsAnswer(header.type)) {
    OtResponse response;
    response.key = call.key;
    response.kind = header.operation;
    response.pdu = call.bytes;
    response.cut = call.cut;
    response.first_ns = call.first_ns;
    response.last_ns = call.last_ns;
    return exchange_.OnResponse(response, out);
  }
  Transaction request;
  request.protocol = kCmService;
  request.time_ns = call.first_ns;
  DecodeCmRequest(header, call.bytes.subspan(kRpcHeaderBytes), call.cut, request);
  if (!call.from_client) layer2::AddDetail(request, "sent_by", "resp");
  exchange_.OnRequest(call.key, std::nullopt, header.operation, std::move(request), out);
}

void CmDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  RpcHeader header;
  if (!ReadRpcHeader(response.pdu, header)) return;
  DecodeCmResponse(header, response.pdu.subspan(kRpcHeaderBytes), response.cut, has_request, out);
}

}  // namespace tapiary::capture::profinet
