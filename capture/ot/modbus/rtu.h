// Modbus RTU frames carried in TCP: unit, PDU, CRC-16, without the MBAP header.
//
// Serial gateways send them so ("RTU over TCP"). There is no length field and no id: a frame ends
// where its CRC fits and its function allows the length, and answers come in order. The CRC is
// near proof, so flows are found on any port, but by both sides. Source: MODBUS over Serial Line
// Specification V1.02, sections 2.5.1 and 6.2.2. One thread.
#pragma once

#include "capture/ot/framed_decoder.h"

namespace tapiary::capture::modbus {

// CRC-16/MODBUS: polynomial 0x8005 reflected, begins with 0xffff; on the wire low byte first.
std::uint16_t RtuCrc(base::Bytes bytes);

extern const Framing kRtuFraming;

class RtuDecoder final : public FramedDecoder {
 public:
  RtuDecoder();
  [[nodiscard]] std::string_view service() const override { return "modbus"; }

 private:
  void OnMessage(bool from_client, const Pdu& pdu) override;
  void DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) override;
};

extern const OtProtocol kRtuProtocol;

}  // namespace tapiary::capture::modbus
