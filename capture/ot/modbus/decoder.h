// ModbusDecoder: requests and responses of one Modbus/TCP or Modbus/UDP flow, paired.
//
// Paired by unit and transaction id; a response of another unit with the right id is paired and
// flagged (OT-02, OT-03). One thread.
#pragma once

#include "capture/ot/framed_decoder.h"
#include "capture/ot/modbus/framing.h"

namespace tapiary::capture::modbus {

class ModbusDecoder final : public FramedDecoder {
 public:
  ModbusDecoder();

 private:
  void OnMessage(bool from_client, const Pdu& pdu) override;
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;
};

}  // namespace tapiary::capture::modbus
