#include "capture/ot/profinet/cm_decoder.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/clock.h"
#include "capture/ot/calls.h"
#include "capture/ot/detail.h"
#include "capture/ot/layer2/fields.h"
#include "capture/ot/profinet/cm_decode.h"

namespace tapiary::capture::profinet {
namespace {

// An answer on another flow is fetched after this, unless something happens here before.
constexpr std::int64_t kLookNs = base::kNanosPerSecond;

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
  IsAnswer(header.type) ? OnAnswer(call, header, out) : OnRequest(call, header, out);
}

void CmDecoder::OnRequest(const Call& call, const RpcHeader& header, OtOutput& out) {
  Transaction request;
  request.protocol = kCmService;
  request.time_ns = call.first_ns;
  DecodeCmRequest(header, call.bytes.subspan(kRpcHeaderBytes), call.cut, request);
  if (!call.from_client) AddDetail(request, "sent_by", "resp");
  if (OtCalls* const calls = out.calls()) {
    if (owner_ == 0) owner_ = calls->NewOwner();
    calls->Ask(call.key, owner_);
    if (call.last_ns != kTimeUnknown) look_ns_ = std::min(look_ns_, call.last_ns + kLookNs);
  }
  exchange_.OnRequest(call.key, std::nullopt, header.operation, std::move(request), out);
}

void CmDecoder::OnAnswer(const Call& call, const RpcHeader& header, OtOutput& out) {
  OtCalls* const calls = out.calls();
  if (calls != nullptr && calls->AskedElsewhere(call.key, owner_)) {
    OtCalls::Answer answer;
    answer.call = call.key;
    answer.kind = header.operation;
    answer.bytes.assign(call.bytes.begin(), call.bytes.end());
    answer.cut = call.cut;
    answer.first_ns = call.first_ns;
    answer.last_ns = call.last_ns;
    calls->Leave(std::move(answer));
    return out.Count("profinet-io.answers_of_other_flow", 1);
  }
  OtResponse response;
  response.key = call.key;
  response.kind = header.operation;
  response.pdu = call.bytes;
  response.cut = call.cut;
  response.first_ns = call.first_ns;
  response.last_ns = call.last_ns;
  exchange_.OnResponse(response, out);
}

void CmDecoder::TakeLeft(OtOutput& out) {
  OtCalls* const calls = out.calls();
  if (calls == nullptr || owner_ == 0) return;
  elsewhere_ = true;
  while (const std::optional<OtCalls::Answer> answer = calls->Take(owner_)) {
    OtResponse response;
    response.key = answer->call;
    response.kind = answer->kind;
    response.pdu = answer->bytes;
    response.cut = answer->cut;
    response.first_ns = answer->first_ns;
    response.last_ns = answer->last_ns;
    exchange_.OnResponse(response, out);
  }
  elsewhere_ = false;
}

void CmDecoder::Expire(std::int64_t now_ns, OtOutput& out) {
  TakeLeft(out);
  if (now_ns > look_ns_) look_ns_ = INT64_MAX;
  exchange_.Expire(now_ns, out);
}

std::int64_t CmDecoder::next_due_ns() const {
  return std::min(look_ns_, exchange_.next_due_ns());
}

void CmDecoder::Finish(OtOutput& out) {
  TakeLeft(out);
  exchange_.Finish(out);
}

void CmDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  RpcHeader header;
  if (!ReadRpcHeader(response.pdu, header)) return;
  if (elsewhere_) AddDetail(out, "answered_on", "other flow");
  DecodeCmResponse(header, response.pdu.subspan(kRpcHeaderBytes), response.cut, has_request, out);
}

}  // namespace tapiary::capture::profinet
