#include "capture/ot/mqtt/decoder.h"

#include <algorithm>
#include <utility>

#include "base/text.h"
#include "capture/ot/detail.h"
#include "capture/ot/mqtt/register.h"

namespace tapiary::capture::mqtt {
namespace {

constexpr std::string_view kService = "mqtt";
constexpr std::size_t kMaxPayload = 200;
constexpr std::string_view kCounters[16] = {
    "mqtt.type0",     "mqtt.connect",  "mqtt.connack",     "mqtt.publish",
    "mqtt.puback",    "mqtt.pubrec",   "mqtt.pubrel",      "mqtt.pubcomp",
    "mqtt.subscribe", "mqtt.suback",   "mqtt.unsubscribe", "mqtt.unsuback",
    "mqtt.pingreq",   "mqtt.pingresp", "mqtt.disconnect",  "mqtt.auth",
};

// The flags that each type must have; 16: any (publish).
constexpr std::uint8_t kFlags[16] = {16, 0, 0, 16, 0, 0, 2, 0, 2, 0, 2, 0, 0, 0, 0, 0};
// The least remaining length.
constexpr std::uint8_t kLeast[16] = {0, 10, 2, 2, 2, 2, 2, 2, 5, 3, 4, 2, 0, 0, 0, 0};
// The most that a type without payload can have, properties of version 5 included; 0: any.
constexpr std::size_t kMostAck = 1024;

bool IsShort(std::uint8_t type) {
  return type == kPingreq || type == kPingreq + 1;
}

PduFront FrontOf(base::Bytes bytes, bool) {
  if (bytes.empty()) return PduFront::More();
  const std::uint8_t type = bytes[0] >> 4;
  const std::uint8_t flags = bytes[0] & 15;
  if (type == 0 || (kFlags[type] != 16 && kFlags[type] != flags)) {
    return PduFront::Bad("mqtt-type");
  }
  if (type == kPublish && (flags & 6) == 6) return PduFront::Bad("mqtt-type");  // QoS 3
  std::size_t length = 0;
  for (std::size_t i = 1; i <= 4; ++i) {
    if (i >= bytes.size()) return PduFront::More();
    length |= std::size_t{bytes[i] & 0x7fu} << (7 * (i - 1));
    if ((bytes[i] & 0x80) != 0) continue;
    const bool acknowledges = type == kConnack || (type >= 4 && type <= 7);
    if (length < kLeast[type] || (IsShort(type) && length > 0) ||
        (acknowledges && length > kMostAck)) {
      return PduFront::Bad("mqtt-length");
    }
    return PduFront::Of(1 + i + length);
  }
  return PduFront::Bad("mqtt-length");
}

std::string_view Text(base::ByteCursor& cursor) {
  const std::size_t size = cursor.U16Be();
  return base::AsText(cursor.Take(size));
}

void SkipProperties(base::ByteCursor& cursor) {
  std::size_t length = 0;
  for (unsigned shift = 0; shift < 28; shift += 7) {
    const std::uint8_t byte = cursor.U8();
    length |= std::size_t{byte & 0x7fu} << shift;
    if ((byte & 0x80) == 0) break;
  }
  cursor.Skip(length);
}

void SetTechnique(Transaction& out) {
  const Technique technique = FindTechnique(kProtocol.techniques, out.code, kAnySub);
  out.command = technique.command;
  out.attack_technique = technique.id;
}

Transaction Begin(std::string_view operation, std::uint8_t type, const Pdu& pdu) {
  Transaction transaction;
  transaction.protocol = kService;
  transaction.operation = operation;
  transaction.code = type;
  transaction.time_ns = pdu.first_ns;
  SetTechnique(transaction);
  return transaction;
}

std::uint64_t AckKey(std::uint8_t type, std::uint16_t id) {
  return static_cast<std::uint64_t>(type) << 16 | id;
}

}  // namespace

const Framing kFraming = {
    .front = &FrontOf,
    .plausible = nullptr,
    .whole = nullptr,
    .min_useful = 2,
    .max_kept = 4096,
    .scan = false,
    .fault_length = "mqtt-length",
    .fault_gap = "mqtt-gap",
    .fault_search = "mqtt-lost-sync",
};

base::Bytes BodyOf(base::Bytes packet) {
  for (std::size_t i = 1; i < packet.size() && i <= 4; ++i) {
    if ((packet[i] & 0x80) == 0) return packet.subspan(i + 1);
  }
  return {};
}

bool IsConnect(base::Bytes packet) {
  if (packet.empty() || packet[0] != kConnect << 4) return false;
  base::ByteCursor cursor(BodyOf(packet));
  const std::string_view name = Text(cursor);
  const std::uint8_t version = cursor.U8();
  const std::uint8_t flags = cursor.U8();
  if (cursor.failed() || (flags & 1) != 0) return false;
  return (name == "MQTT" && (version == 4 || version == 5)) || (name == "MQIsdp" && version == 3);
}

MqttDecoder::MqttDecoder() : FramedDecoder(kFraming, kService, "mqtt-length") {}

void MqttDecoder::OnMessage(bool from_client, const Pdu& pdu) {
  const std::uint8_t type = pdu.bytes[0] >> 4;
  out().Count(kCounters[type], 1);
  base::ByteCursor body(BodyOf(pdu.bytes));
  switch (type) {
    case kConnect:
      return OnConnect(body, pdu);
    case kConnack:
      return Answer(AckKey(kConnect, 0), pdu);
    case kPublish:
      return OnPublish(from_client, body, pdu);
    case kSubscribe:
    case kUnsubscribe:
      return OnSubscribe(body, pdu, type);
    case kSuback:
    case kUnsuback:
      return Answer(AckKey(type - 1, body.U16Be()), pdu);
    default:
      return;  // counted
  }
}

void MqttDecoder::OnConnect(base::ByteCursor& body, const Pdu& pdu) {
  Transaction request = Begin("connect", kConnect, pdu);
  (void)Text(body);
  version_ = body.U8();
  const std::uint8_t flags = body.U8();
  AddNumber(request, "version", version_);
  AddNumber(request, "keep_alive", body.U16Be());
  if (version_ == 5) SkipProperties(body);
  AddDetail(request, "client_id", Text(body));
  if ((flags & 4) != 0) {  // last will
    if (version_ == 5) SkipProperties(body);
    AddDetail(request, "will_topic", Text(body));
    (void)Text(body);
  }
  if ((flags & 0x80) != 0) {
    AddDetail(request, "user", Text(body));
  } else {
    request.attack_technique.clear();  // nobody's account
  }
  if ((flags & 0x40) != 0) AddDetail(request, "password", Text(body));
  if (body.failed()) AddAnomaly(request, pdu.cut ? "truncated" : "mqtt-body");
  exchange().OnRequest(AckKey(kConnect, 0), std::nullopt, kConnect, std::move(request), out());
}

void MqttDecoder::OnPublish(bool from_client, base::ByteCursor& body, const Pdu& pdu) {
  Transaction message = Begin("publish", kPublish, pdu);
  const std::uint8_t qos = (pdu.bytes[0] >> 1) & 3;
  AddDetail(message, "topic", Text(body));
  if (qos > 0) AddNumber(message, "packet_id", body.U16Be());
  if (version_ == 5) SkipProperties(body);
  AddNumber(message, "qos", qos);
  if ((pdu.bytes[0] & 1) != 0) AddDetail(message, "retain", "true");
  if (body.failed()) {
    AddAnomaly(message, pdu.cut ? "truncated" : "mqtt-body");
    if (!pdu.cut) {  // no publish at all, so nothing was commanded
      message.command = false;
      message.attack_technique.clear();
    }
  } else {
    message.quantity = pdu.size - (pdu.bytes.size() - body.remaining());
    AddDetail(message, "payload",
              base::AsText(body.rest().first(std::min(body.remaining(), kMaxPayload))));
  }
  if (!from_client) {  // the broker passes on what another published
    AddDetail(message, "sent_by", "responder");
    message.command = false;
    message.attack_technique.clear();
  }
  message.status = TransactionStatus::kUnsolicited;
  out().Emit(std::move(message));
}

void MqttDecoder::OnSubscribe(base::ByteCursor& body, const Pdu& pdu, std::uint8_t type) {
  const bool subscribes = type == kSubscribe;
  Transaction request = Begin(subscribes ? "subscribe" : "unsubscribe", type, pdu);
  const std::uint16_t id = body.U16Be();
  if (version_ == 5) SkipProperties(body);
  std::string topics;
  std::uint64_t count = 0;
  while (body.remaining() > 0 && !body.failed()) {
    const std::string_view topic = Text(body);
    if (subscribes) body.Skip(1);
    if (body.failed()) break;
    ++count;
    AppendBounded(topics, " ", topic);
  }
  request.quantity = count;
  AddDetail(request, "topics", topics);
  if (body.failed()) AddAnomaly(request, pdu.cut ? "truncated" : "mqtt-body");
  exchange().OnRequest(AckKey(type, id), std::nullopt, type, std::move(request), out());
}

void MqttDecoder::Answer(std::uint64_t key, const Pdu& pdu) {
  const std::uint32_t kind = static_cast<std::uint32_t>(key >> 16);
  exchange().OnResponse(OtResponse::Of(pdu, key, kind), out());
}

void MqttDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  const std::uint8_t type = response.pdu[0] >> 4;
  if (!has_request) {
    out.operation = type == kConnack ? "connect" : type == kSuback ? "subscribe" : "unsubscribe";
    out.code = type - 1;
    SetTechnique(out);
  }
  base::ByteCursor body(BodyOf(response.pdu));
  out.status = TransactionStatus::kOk;
  if (response.cut) AddAnomaly(out, "truncated");
  body.Skip(type == kConnack ? 1 : 2);  // flags; packet id
  if (type != kConnack && version_ == 5) SkipProperties(body);
  const std::uint8_t code = body.U8();
  const bool refused = type == kConnack ? code != 0 : code >= 0x80;
  if (body.failed() || !refused) return;
  out.status = TransactionStatus::kException;
  out.exception = code;
}

}  // namespace tapiary::capture::mqtt
