// FoxDecoder: the hello of both ends as one transaction; other frames are counted.
//
// One thread.
#pragma once

#include "capture/ot/fox/message.h"
#include "capture/ot/framed_decoder.h"

namespace tapiary::capture::fox {

class FoxDecoder final : public FramedDecoder {
 public:
  FoxDecoder();

 private:
  void OnMessage(bool from_client, const Pdu& pdu) override;
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;
};

}  // namespace tapiary::capture::fox
