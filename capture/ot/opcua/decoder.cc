#include "capture/ot/opcua/decoder.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "capture/ot/detail.h"
#include "capture/ot/opcua/names.h"
#include "capture/ot/opcua/requests.h"
#include "capture/ot/opcua/responses.h"
#include "capture/ot/opcua/techniques.h"
#include "capture/ot/opcua/types.h"

namespace tapiary::capture::opcua {
namespace {

constexpr std::string_view kService = "opcua";
// OtResponse::kind: what its bytes are.
enum Kind : std::uint32_t { kBodyKind = 0, kAckKind = 1, kSealedKind = 2, kAbortKind = 3 };

constexpr std::uint64_t kHelloKey = 0xffffffff'00000001;
constexpr std::uint64_t kSealedKey = 0xffffffff'00000002;
constexpr std::uint64_t kOpenKeys = 0xfffffffe'00000000;  // the channel id comes with the answer

constexpr std::string_view kTypeCounters[kTypes] = {
    "opcua.hel", "opcua.ack", "opcua.err", "opcua.rhe", "opcua.opn", "opcua.msg", "opcua.clo",
};
struct PolicyCounter {
  std::string_view name, counter;
};
constexpr PolicyCounter kPolicies[] = {
    {"None", "opcua.policy.none"},
    {"Basic128Rsa15", "opcua.policy.basic128rsa15"},
    {"Basic256", "opcua.policy.basic256"},
    {"Basic256Sha256", "opcua.policy.basic256sha256"},
    {"Aes128_Sha256_RsaOaep", "opcua.policy.aes128_sha256_rsaoaep"},
    {"Aes256_Sha256_RsaPss", "opcua.policy.aes256_sha256_rsapss"},
};

std::string_view PolicyCounterOf(std::string_view uri) {
  for (const PolicyCounter& policy : kPolicies) {
    if (policy.name == PolicyName(uri)) return policy.counter;
  }
  return "opcua.policy.other";
}

std::uint64_t KeyOf(const Chunk& chunk) {
  if (chunk.type == Type::kOpen) return kOpenKeys | chunk.request_id;
  return (static_cast<std::uint64_t>(chunk.channel) << 32) | chunk.request_id;
}

Transaction Begin(std::string_view operation, std::int64_t time_ns) {
  Transaction transaction;
  transaction.protocol = kService;
  transaction.operation = operation;
  transaction.time_ns = time_ns;
  return transaction;
}

void SetTechnique(Transaction& out) {
  const bool named = std::any_of(out.detail.begin(), out.detail.end(), [](const auto& entry) {
    return entry.first == "identity" && entry.second != "anonymous";
  });
  const Technique technique = FindTechnique(Techniques(), out.code, named ? kNamedUser : kAnySub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

void TakeFault(base::Bytes body, Transaction& out) {
  base::ByteCursor cursor(body);
  const std::uint32_t error = cursor.U32Le();
  const std::string_view reason = ReadString(cursor);
  out.status = TransactionStatus::kException;
  out.exception = error;
  AddDetail(out, "error", StatusName(error));
  if (!reason.empty()) AddDetail(out, "reason", reason);
}

OtResponse ResponseOf(std::uint64_t key, Kind kind, base::Bytes bytes, const Pdu& pdu) {
  OtResponse response = OtResponse::Of(pdu, key, kind);
  response.pdu = bytes;
  return response;
}

}  // namespace

std::uint32_t ServiceId(base::Bytes body) {
  base::ByteCursor cursor(body);
  const NodeId type = ReadNodeId(cursor);
  if (cursor.failed() || type.kind != 'i' || type.name_space != 0) return 0;
  const bool known = FindService(type.number) != nullptr || type.number == kServiceFault;
  return known ? type.number : 0;
}

OpcuaDecoder::OpcuaDecoder() : FramedDecoder(kFraming, kService, "opcua-length") {}

void OpcuaDecoder::OnMessage(bool from_client, const Pdu& pdu) {
  const Chunk chunk = ReadChunk(pdu.bytes);
  out().Count(kTypeCounters[static_cast<std::size_t>(chunk.type)], 1);
  if (chunk.type < Type::kOpen) return OnTransport(from_client, chunk, pdu);
  if (!chunk.valid) return out().Anomaly(pdu.cut ? "opcua-truncated" : "opcua-header");
  if (chunk.type == Type::kOpen) {
    out().Count(PolicyCounterOf(chunk.policy), 1);
    clear_ = !chunk.sealed;
    if (chunk.sealed) return OnSealedOpen(from_client, chunk, pdu);
  }
  OnChunk(from_client, chunk, pdu);
}

std::size_t OpcuaDecoder::held_bytes() const {
  return FramedDecoder::held_bytes() + directions_[0].chunks.held_bytes() +
         directions_[1].chunks.held_bytes();
}

bool OpcuaDecoder::GiveUpOldest(OtOutput& output) {
  const bool client = directions_[0].chunks.held_bytes() >= directions_[1].chunks.held_bytes();
  const std::size_t begun = directions_[client ? 0 : 1].chunks.held_bytes();
  if (begun <= FramedDecoder::held_bytes() && FramedDecoder::GiveUpOldest(output)) return true;
  if (begun == 0) return false;
  OnGap(client, 0, false, output);
  return true;
}

void OpcuaDecoder::OnLoss(bool from_client) {
  Direction& direction = directions_[from_client ? 0 : 1];
  direction.counting = false;
  direction.chunks.Clear();
}

void OpcuaDecoder::EmitAlone(Transaction&& transaction) {
  transaction.status = TransactionStatus::kUnsolicited;
  out().Emit(std::move(transaction));
}

void OpcuaDecoder::OnTransport(bool, const Chunk& chunk, const Pdu& pdu) {
  if (chunk.type == Type::kHello) return OnHello(chunk, pdu);
  if (chunk.type == Type::kReverseHello) {
    Transaction transaction = Begin("reverse_hello", pdu.first_ns);
    base::ByteCursor cursor(chunk.body);
    AddDetail(transaction, "server_uri", ReadString(cursor));
    AddDetail(transaction, "endpoint_url", ReadString(cursor));
    return EmitAlone(std::move(transaction));
  }
  if (chunk.type == Type::kAck || hello_waits_) {
    hello_waits_ = false;
    return exchange().OnResponse(ResponseOf(kHelloKey, kAckKind, pdu.bytes, pdu), out());
  }
  Transaction transaction = Begin("error", pdu.first_ns);
  TakeFault(chunk.body, transaction);
  EmitAlone(std::move(transaction));
}

void OpcuaDecoder::OnHello(const Chunk& chunk, const Pdu& pdu) {
  Transaction request = Begin("hello", pdu.first_ns);
  base::ByteCursor cursor(chunk.body);
  AddNumber(request, "version", cursor.U32Le());
  AddNumber(request, "receive_buffer", cursor.U32Le());
  AddNumber(request, "send_buffer", cursor.U32Le());
  cursor.Skip(8);  // largest message, most chunks
  AddDetail(request, "endpoint_url", ReadString(cursor));
  if (cursor.failed()) AddAnomaly(request, pdu.cut ? "truncated" : "opcua-body");
  hello_waits_ = true;
  exchange().OnRequest(kHelloKey, std::nullopt, kAckKind, std::move(request), out());
}

void OpcuaDecoder::OnSealedOpen(bool from_client, const Chunk& chunk, const Pdu& pdu) {
  if (!from_client) {
    return exchange().OnResponse(ResponseOf(kSealedKey, kSealedKind, pdu.bytes, pdu), out());
  }
  Transaction request = Begin("open_secure_channel", pdu.first_ns);
  request.code = 446;
  AddDetail(request, "security_policy", PolicyName(chunk.policy));
  AddNumber(request, "certificate_bytes", static_cast<std::int64_t>(chunk.certificate.size()));
  AddDetail(request, "encrypted", "true");
  exchange().OnRequest(kSealedKey, std::nullopt, kSealedKind, std::move(request), out());
}

void OpcuaDecoder::CheckSequence(const Chunk& chunk, Direction& direction) {
  const bool follows = chunk.sequence == direction.sequence + 1;
  // Numbers start again below 1024 before they reach the end of 32 bits.
  const bool wraps = direction.sequence > UINT32_MAX - 1024 && chunk.sequence < 1024;
  const bool known = direction.counting && direction.channel == chunk.channel;
  if (known && !follows && !wraps) out().Anomaly("opcua-sequence");
  direction.channel = chunk.channel;
  direction.sequence = chunk.sequence;
  direction.counting = true;
}

void OpcuaDecoder::OnChunk(bool from_client, const Chunk& chunk, const Pdu& pdu) {
  Direction& direction = directions_[from_client ? 0 : 1];
  const std::uint64_t key = KeyOf(chunk);
  const bool goes_on = direction.chunks.Has(key);
  if (chunk.form == 'A' && (clear_ || goes_on)) return OnAbort(from_client, chunk, pdu);
  if (!goes_on && ServiceId(chunk.body) == 0) {
    out().Count(clear_ ? "opcua.unknown_body" : "opcua.opaque", 1);
    return;
  }
  CheckSequence(chunk, direction);
  if (chunk.form == 'C') return direction.chunks.Add(key, chunk.body, pdu.cut, pdu.first_ns);
  Body body;
  body.key = key;
  body.channel = chunk.channel;
  body.bytes = chunk.body;
  body.cut = pdu.cut;
  body.first_ns = pdu.first_ns;
  body.last_ns = pdu.last_ns;
  body.policy = chunk.policy;
  if (!goes_on) return OnBody(body);
  direction.chunks.Add(key, chunk.body, pdu.cut, pdu.first_ns);
  const Joined joined = direction.chunks.Take(key);
  body.bytes = joined.bytes;
  body.cut = joined.cut;
  body.chunks = joined.chunks;
  body.first_ns = joined.first_ns;
  OnBody(body);
}

void OpcuaDecoder::OnAbort(bool from_client, const Chunk& chunk, const Pdu& pdu) {
  (void)directions_[from_client ? 0 : 1].chunks.Take(KeyOf(chunk));
  if (!from_client) {
    return exchange().OnResponse(ResponseOf(KeyOf(chunk), kAbortKind, chunk.body, pdu), out());
  }
  Transaction transaction = Begin("abort", pdu.first_ns);
  TakeFault(chunk.body, transaction);
  EmitAlone(std::move(transaction));
}

void OpcuaDecoder::OnBody(const Body& body) {
  const std::uint32_t id = ServiceId(body.bytes);
  const Service* const service = FindService(id);
  if (id == 0) return out().Anomaly("opcua-body");
  if (id == kPublishRequest || id == kPublishResponse) return OnPublish(id, body);
  if (service == nullptr || id != service->request) {
    OtResponse response;
    response.key = body.key;
    response.kind = kBodyKind;
    response.pdu = body.bytes;
    response.cut = body.cut;
    response.first_ns = body.first_ns;
    response.last_ns = body.last_ns;
    return exchange().OnResponse(response, out());
  }
  Transaction request = Begin(service->name, body.first_ns);
  request.code = static_cast<std::int32_t>(id);
  if (body.channel != 0) AddNumber(request, "channel", body.channel);
  if (!body.policy.empty()) AddDetail(request, "security_policy", PolicyName(body.policy));
  if (body.chunks > 1) AddNumber(request, "request_chunks", body.chunks);
  base::ByteCursor cursor(body.bytes);
  (void)ReadNodeId(cursor);
  DecodeRequest(id, cursor, request);
  if (body.cut || cursor.failed()) AddAnomaly(request, body.cut ? "truncated" : "opcua-body");
  SetTechnique(request);
  if (id == kCloseSecureChannel) {  // nobody answers it
    AddDetail(request, "only", "request");
    return EmitAlone(std::move(request));
  }
  exchange().OnRequest(body.key, std::nullopt, kBodyKind, std::move(request), out());
}

void OpcuaDecoder::OnPublish(std::uint32_t id, const Body& body) {
  out().Count(id == kPublishRequest ? "opcua.publish_request" : "opcua.publish_response", 1);
  if (id == kPublishRequest) return;
  Transaction response = Begin("publish", body.first_ns);
  base::ByteCursor cursor(body.bytes);
  (void)ReadNodeId(cursor);
  opcua::DecodeResponse(id, cursor, response);
  if (response.status == TransactionStatus::kException) {
    response.code = kPublishRequest;
    AddDetail(response, "only", "counted");
    return EmitAlone(std::move(response));
  }
  cursor.Skip(4);  // subscription
  cursor.Skip(std::size_t{ReadCount(cursor)} * 4);
  cursor.Skip(1 + 4 + 8);
  const std::uint32_t notifications = ReadCount(cursor);
  if (notifications > 0) out().Count("opcua.notifications", notifications);
}

void OpcuaDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  out.status = TransactionStatus::kOk;
  if (response.kind == kBodyKind) {
    const std::uint32_t id = ServiceId(response.pdu);
    const Service* const service = FindService(id);
    if (!has_request) {
      out.operation = service != nullptr ? service->name : "service_fault";
      out.code = static_cast<std::int32_t>(service != nullptr ? service->request : kServiceFault);
      SetTechnique(out);
    } else if (service != nullptr && id != static_cast<std::uint32_t>(out.code) + 3) {
      AddAnomaly(out, "opcua-service-mismatch");
      AddNumber(out, "response_id", id);
    }
    if (id == kServiceFault) AddDetail(out, "service_fault", "true");
    base::ByteCursor cursor(response.pdu);
    (void)ReadNodeId(cursor);
    opcua::DecodeResponse(id, cursor, out);
    if (response.cut || cursor.failed()) AddAnomaly(out, response.cut ? "truncated" : "opcua-body");
    return;
  }
  if (response.kind == kAbortKind) {
    if (!has_request) out.operation = "abort";
    AddDetail(out, "aborted", "true");
    return TakeFault(response.pdu, out);
  }
  const Chunk chunk = ReadChunk(response.pdu);
  const bool sealed = response.kind == kSealedKind;
  if (!has_request) out.operation = sealed ? "open_secure_channel" : "hello";
  if (!has_request && sealed) out.code = 446;
  if (sealed) {
    AddDetail(out, "security_policy", PolicyName(chunk.policy));
    AddDetail(out, "encrypted", "true");
    AddNumber(out, "channel", chunk.channel);
  } else if (chunk.type == Type::kError) {
    TakeFault(chunk.body, out);
  } else {
    base::ByteCursor cursor(chunk.body);
    cursor.Skip(4);
    AddNumber(out, "server_receive_buffer", cursor.U32Le());
  }
}

}  // namespace tapiary::capture::opcua
