// MQTT: who connects as whom, what is published and subscribed; everything else is counted.
//
// Fixed header: type and flags 1, remaining length 1-4 (seven bits each). Versions 3.1, 3.1.1, 5.
// Source: OASIS MQTT 3.1.1 (29 October 2014) and MQTT 5.0 (7 March 2019), clauses 2 and 3. One
// thread.
#pragma once

#include "capture/ot/framed_decoder.h"

namespace tapiary::capture::mqtt {

enum Type : std::uint8_t {
  kConnect = 1,
  kConnack = 2,
  kPublish = 3,
  kSubscribe = 8,
  kSuback = 9,
  kUnsubscribe = 10,
  kUnsuback = 11,
  kPingreq = 12,
  kDisconnect = 14,
};

extern const Framing kFraming;
// The bytes behind the fixed header; empty when it is not whole.
base::Bytes BodyOf(base::Bytes packet);
// A connect packet to the byte: protocol name, version, flags.
bool IsConnect(base::Bytes packet);

class MqttDecoder final : public FramedDecoder {
 public:
  MqttDecoder();

 private:
  void OnMessage(bool from_client, const Pdu& pdu) override;
  void OnConnect(base::ByteCursor& body, const Pdu& pdu);
  void OnPublish(bool from_client, base::ByteCursor& body, const Pdu& pdu);
  void OnSubscribe(base::ByteCursor& body, const Pdu& pdu, std::uint8_t type);
  void Answer(std::uint64_t key, const Pdu& pdu);
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;

  std::uint8_t version_ = 4;  // 5: properties follow
};

}  // namespace tapiary::capture::mqtt
