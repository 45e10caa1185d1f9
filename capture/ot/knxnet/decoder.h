// KnxNetDecoder: services and telegrams of one KNXnet/IP flow over UDP or TCP.
//
// Requests are paired with responses by service, channel and sequence; either end of a tunnel
// sends requests. TCP has no acknowledgements: telegrams stand alone there. One thread.
#pragma once

#include "capture/ot/framed_decoder.h"
#include "capture/ot/knxnet/message.h"

namespace tapiary::capture::knxnet {

class KnxNetDecoder final : public FramedDecoder {
 public:
  KnxNetDecoder();

 private:
  void OnMessage(bool from_client, const Pdu& pdu) override;
  PduFront DatagramFront(bool from_client, base::Bytes bytes) override;
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;
  void OnRequest(bool from_client, const ServiceRow& row, const Frame& frame, const Pdu& pdu);

  bool datagrams_ = false;
};

}  // namespace tapiary::capture::knxnet
