// HartIpDecoder: sessions and HART commands of one HART-IP flow over TCP or UDP.
//
// Requests and responses are paired by sequence number and message id; keep-alives are counted.
// One thread.
#pragma once

#include "capture/ot/framed_decoder.h"
#include "capture/ot/hartip/frame.h"

namespace tapiary::capture::hartip {

class HartIpDecoder final : public FramedDecoder {
 public:
  HartIpDecoder();

 private:
  void OnMessage(bool from_client, const Pdu& pdu) override;
  void OnRequest(const Message& message, const Pdu& pdu);
  void OnKeepAlive(const Message& message);
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;
};

}  // namespace tapiary::capture::hartip
