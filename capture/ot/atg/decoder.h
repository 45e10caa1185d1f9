// AtgDecoder: what is asked of and set in a tank gauge, and whether it understood.
//
// One thread.
#pragma once

#include <cstdint>

#include "capture/ot/atg/message.h"
#include "capture/ot/framed_decoder.h"

namespace tapiary::capture::atg {

class AtgDecoder final : public FramedDecoder {
 public:
  AtgDecoder();

 private:
  void OnMessage(bool from_client, const Pdu& pdu) override;
  void OnCommand(const Pdu& pdu);
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;

  std::uint64_t refusals_ = 0;
};

}  // namespace tapiary::capture::atg
