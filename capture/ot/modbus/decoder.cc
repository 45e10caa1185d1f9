#include "capture/ot/modbus/decoder.h"

#include <utility>

#include "capture/ot/modbus/decode.h"

namespace tapiary::capture::modbus {
namespace {

constexpr std::string_view kService = "modbus";

std::uint64_t PairKey(const Header& header) {
  return (static_cast<std::uint64_t>(header.unit) << 16) | header.transaction;
}

}  // namespace

ModbusDecoder::ModbusDecoder() : FramedDecoder(kFraming, kService, "modbus-length") {}

void ModbusDecoder::OnMessage(bool from_client, const Pdu& pdu) {
  const Adu adu = ToAdu(pdu);
  const std::uint32_t function = adu.pdu[0] & 0x7fu;
  if (from_client) {
    Transaction request;
    request.protocol = kService;
    request.time_ns = adu.first_ns;
    DecodeRequest(adu, request);
    exchange().OnRequest(PairKey(adu.header), adu.header.transaction, function, std::move(request),
                         out());
    return;
  }
  OtResponse response = OtResponse::Of(pdu, PairKey(adu.header), function);
  response.loose_key = adu.header.transaction;
  exchange().OnResponse(response, out());
}

void ModbusDecoder::DecodeResponse(const OtResponse& response, bool, Transaction& out) {
  Pdu pdu;
  pdu.bytes = response.pdu;
  pdu.cut = response.cut;
  modbus::DecodeResponse(ToAdu(pdu), out);
}

}  // namespace tapiary::capture::modbus
