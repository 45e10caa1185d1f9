// FramedDecoder: an OtDecoder made of a Framer a direction and an Exchange.
//
// What most request/response protocols need: a protocol derives from it, decodes one PDU at a time
// and hands requests and responses to exchange(). Datagrams are cut into PDUs by the same rule. One
// thread; out() and now_ns() are good only during a call from here.
#pragma once

#include <cstdint>

#include "capture/ot/decoder.h"
#include "capture/ot/exchange.h"
#include "capture/ot/framer.h"

namespace tapiary::capture {

class FramedDecoder : public OtDecoder, protected PduSink, protected Exchange::Handler {
 public:
  void OnBytes(bool from_client, base::Bytes bytes, std::int64_t time_ns, OtOutput& out) final;
  void OnGap(bool from_client, std::uint32_t missed, bool cut, OtOutput& out) final;
  void OnDatagram(bool from_client, base::Bytes bytes, bool cut, std::int64_t time_ns,
                  OtOutput& out) override;
  void Expire(std::int64_t now_ns, OtOutput& out) final;
  [[nodiscard]] std::int64_t next_due_ns() const override;
  void Finish(OtOutput& out) final;
  [[nodiscard]] std::size_t held_bytes() const override;
  bool GiveUpOldest(OtOutput& out) override;

 protected:
  // `framing` and `protocol` (the service name) are static. `trailing` names the anomaly of a
  // datagram that does not end with a PDU.
  FramedDecoder(const Framing& framing, std::string_view protocol, std::string_view trailing);

  // One PDU of the client or the server. Its bytes are valid during the call.
  virtual void OnMessage(bool from_client, const Pdu& pdu) = 0;
  // The front of what is left of a datagram, for protocols that wrap their PDUs in TCP only. By
  // default as in a stream.
  virtual PduFront DatagramFront(bool from_client, base::Bytes bytes);
  // The protocol's own state beside the exchange: after a hole in one direction (fragments that
  // were being put together are incomplete), when time went on, at the end. Nothing by default.
  virtual void OnLoss(bool from_client);
  virtual void OnExpire(std::int64_t now_ns);
  virtual void OnFinish();

  [[nodiscard]] OtOutput& out() { return *out_; }
  [[nodiscard]] Exchange& exchange() { return exchange_; }
  void OnFault(std::string_view anomaly) override { out_->Anomaly(anomaly); }

 private:
  class Calling;  // sets out_ during a call
  void OnPdu(const Pdu& pdu) final { OnMessage(client_side_, pdu); }
  Framer& FramerOf(bool from_client) { return from_client ? requests_ : responses_; }

  const Framing& framing_;
  std::string_view trailing_;
  Framer requests_;
  Framer responses_;
  Exchange exchange_;
  bool client_side_ = false;  // of the bytes being framed
  OtOutput* out_ = nullptr;
};

}  // namespace tapiary::capture
