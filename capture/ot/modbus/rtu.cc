#include "capture/ot/modbus/rtu.h"

#include <algorithm>
#include <array>
#include <utility>

#include "capture/ot/detail.h"
#include "capture/ot/modbus/decode.h"
#include "capture/ot/modbus/functions.h"
#include "capture/ot/modbus/techniques.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::modbus {
namespace {

constexpr std::size_t kMinFrame = 4;    // unit, function, CRC
constexpr std::size_t kMaxFrame = 256;  // of a serial line
constexpr std::size_t kOverhead = 3;    // unit and CRC

constexpr std::array<std::uint16_t, 256> MakeTable() {
  std::array<std::uint16_t, 256> table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit)
      value = (value & 1) != 0 ? (value >> 1) ^ 0xa001u : value >> 1;
    table[byte] = static_cast<std::uint16_t>(value);
  }
  return table;
}
constexpr std::array<std::uint16_t, 256> kTable = MakeTable();

// The known functions, and what refuses them.
constexpr ByteSet kFunctions = {1,    2,    3,    4,    5,    6,    7,    8,    11,   12,
                                15,   16,   17,   20,   21,   22,   23,   24,   43,   90,
                                0x81, 0x82, 0x83, 0x84, 0x85, 0x86, 0x87, 0x88, 0x8b, 0x8c,
                                0x8f, 0x90, 0x91, 0x94, 0x95, 0x96, 0x97, 0x98, 0xab, 0xda};

std::uint16_t Step(std::uint16_t crc, std::uint8_t byte) {
  return static_cast<std::uint16_t>((crc >> 8) ^ kTable[(crc ^ byte) & 0xff]);
}

Shape ShapeOf(base::Bytes pdu, bool from_client) {
  return from_client ? RequestShape(pdu, pdu.size()) : ResponseShape(pdu, pdu.size());
}

// The size that the function's own fields give, as far as they are there, else the longest.
std::size_t SizeAtMost(base::Bytes bytes, bool from_client) {
  const std::uint8_t function = bytes[1];
  if ((function & kExceptionBit) != 0) return 5;
  const bool read = function >= kReadCoils && function <= kReadInputRegisters;
  const bool single = function == kWriteSingleCoil || function == kWriteSingleRegister;
  const bool multiple = function == kWriteMultipleCoils || function == kWriteMultipleRegisters;
  if (single || (read && from_client) || (multiple && !from_client)) return 8;
  if (read && bytes.size() > 2) return 5u + bytes[2];
  if (multiple && bytes.size() > 6) return 9u + bytes[6];
  return kMaxFrame;
}

PduFront FrontOf(base::Bytes bytes, bool from_client) {
  if (bytes.size() < 2) return PduFront::More();
  const bool exception = (bytes[1] & kExceptionBit) != 0;
  if (!IsKnown(bytes[1] & 0x7f) || (exception && from_client))
    return PduFront::Bad("modbus-rtu-function");
  // A frame and its CRC run to zero, so each place where it does may be the end.
  std::uint16_t crc = 0xffff;
  const std::size_t longest = std::min(SizeAtMost(bytes, from_client), kMaxFrame);
  const std::size_t limit = std::min(bytes.size(), longest);
  for (std::size_t size = 1; size <= limit; ++size) {
    crc = Step(crc, bytes[size - 1]);
    if (crc != 0 || size < kMinFrame) continue;
    const base::Bytes pdu = bytes.subspan(1, size - kOverhead);
    if (ShapeOf(pdu, from_client) != Shape::kDiffers) return PduFront::Of(size);
  }
  return limit < longest ? PduFront::More() : PduFront::Bad("modbus-rtu-crc");
}

bool IsPlausible(base::Bytes bytes, bool from_client) {
  return FrontOf(bytes, from_client).kind == PduFront::Kind::kPdu;
}

Adu ToAdu(const OtResponse& response) {
  Adu adu;
  adu.header.unit = response.pdu[0];
  adu.pdu = response.pdu.subspan(1, response.pdu.size() - kOverhead);
  adu.header.length = static_cast<std::uint16_t>(adu.pdu.size() + 1);
  return adu;
}

OtLook Judge(base::Bytes bytes, bool, bool datagram) {
  const PduFront request = FrontOf(bytes, true);
  const PduFront response = FrontOf(bytes, false);
  const bool asks = request.kind == PduFront::Kind::kPdu;
  const bool answers = response.kind == PduFront::Kind::kPdu;
  if (asks || answers) return OtLook::Yes(asks, answers);
  const bool more = request.kind == PduFront::Kind::kMore || response.kind == PduFront::Kind::kMore;
  return more && !datagram ? OtLook::More() : OtLook::No();
}

OtRecognition Recognise(const OtGuess& guess) {
  return RecogniseBy(guess, &Judge);
}

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<RtuDecoder>();
}

}  // namespace

std::uint16_t RtuCrc(base::Bytes bytes) {
  std::uint16_t crc = 0xffff;
  for (const std::uint8_t byte : bytes) crc = Step(crc, byte);
  return crc;
}

const Framing kRtuFraming = {
    .front = &FrontOf,
    .plausible = &IsPlausible,
    .whole = nullptr,
    .min_useful = kMaxFrame + 1,  // without its CRC nothing is known of it
    .max_kept = kMaxFrame,
    .scan = false,
    .fault_length = "modbus-length",
    .fault_gap = "modbus-gap",
    .fault_search = "modbus-lost-sync",
};

RtuDecoder::RtuDecoder() : FramedDecoder(kRtuFraming, "modbus", "modbus-rtu-crc") {}

void RtuDecoder::OnMessage(bool from_client, const Pdu& pdu) {
  OtResponse message;
  message.key = pdu.bytes[0];
  message.kind = pdu.bytes[1] & 0x7fu;
  message.pdu = pdu.bytes;
  message.first_ns = pdu.first_ns;
  message.last_ns = pdu.last_ns;
  if (!from_client) return exchange().OnResponse(message, out());
  Transaction request;
  request.protocol = "modbus";
  request.time_ns = pdu.first_ns;
  DecodeRequest(ToAdu(message), request);
  AddDetail(request, "framing", "rtu");
  exchange().OnRequest(message.key, std::nullopt, message.kind, std::move(request), out());
}

void RtuDecoder::DecodeResponse(const OtResponse& response, bool has_request, Transaction& out) {
  modbus::DecodeResponse(ToAdu(response), out);
  if (!has_request) AddDetail(out, "framing", "rtu");
}

const OtProtocol kRtuProtocol = {
    .service = "modbus-rtu",
    .ports = {},
    .tcp = true,
    .udp = true,
    .ether_types = {},
    .llc = false,
    .level = OtLevel::kDecoded,
    .wrong_content = {},
    .techniques = Techniques(),
    .head = {{{}, kFunctions}},
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::modbus
