// FinsDecoder: commands and responses of one FINS flow over UDP or TCP, paired by addresses and
// SID.
//
// Both ends of FINS/UDP use port 9600: who asks is told by the frame, never by the port. One
// thread.
#pragma once

#include "capture/ot/framed_decoder.h"

namespace tapiary::capture::fins {

class FinsDecoder final : public FramedDecoder {
 public:
  FinsDecoder();

 private:
  void OnMessage(bool from_client, const Pdu& pdu) override;
  PduFront DatagramFront(bool from_client, base::Bytes bytes) override;
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;
  void OnFrame(base::Bytes frame, const Pdu& pdu);
  void OnWrapper(std::uint32_t command, std::uint32_t error);
};

}  // namespace tapiary::capture::fins
