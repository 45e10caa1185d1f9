// SynchrophasorDecoder: commands and configuration of one IEEE C37.118 flow; data is counted.
//
// A command that asks for a header or configuration is paired with it by id and type. Data on and
// off are not answered. One thread.
#pragma once

#include "capture/ot/framed_decoder.h"
#include "capture/ot/synchrophasor/framing.h"

namespace tapiary::capture::synchrophasor {

class SynchrophasorDecoder final : public FramedDecoder {
 public:
  SynchrophasorDecoder();

 private:
  void OnMessage(bool from_client, const Pdu& pdu) override;
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;
  void OnCommand(const Frame& frame, const Pdu& pdu);
};

}  // namespace tapiary::capture::synchrophasor
