// SrtpDecoder: requests and responses of one GE SRTP connection, paired by sequence number. One
// thread.
#pragma once

#include "capture/ot/framed_decoder.h"

namespace tapiary::capture::srtp {

class SrtpDecoder final : public FramedDecoder {
 public:
  SrtpDecoder();

 private:
  void OnMessage(bool from_client, const Pdu& pdu) override;
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;
};

}  // namespace tapiary::capture::srtp
