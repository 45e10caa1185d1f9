#include "capture/ot/profinet/register.h"

#include "capture/ot/profinet/cm_decoder.h"
#include "capture/ot/profinet/decoder.h"
#include "capture/ot/profinet/techniques.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::profinet {
namespace {

std::unique_ptr<OtDecoder> MakeLayer2() {
  return std::make_unique<PnDecoder>();
}

std::unique_ptr<OtDecoder> MakeCm() {
  return std::make_unique<CmDecoder>();
}

bool ReadFrameId(base::Bytes bytes, std::uint16_t& frame_id) {
  base::ByteCursor cursor(bytes);
  frame_id = cursor.U16Be();
  return !cursor.failed();
}

// An interface of PROFINET in a well-formed header is near proof; the endpoint mapper is not.
OtLook LookAtCm(base::Bytes bytes, bool, bool) {
  RpcHeader header;
  if (!ReadRpcHeader(bytes, header)) return OtLook::No();
  // A device that answers from a port of its own choice has a flow with nothing but answers.
  return OtLook::Yes(true, true, header.interface != RpcInterface::kEndpointMapper);
}

}  // namespace

OtRecognition RecogniseDcp(const OtGuess& guess) {
  OtRecognition out;
  for (int side = 0; side < 2; ++side) {
    std::uint16_t frame_id = 0;
    DcpHeader header;
    if (!ReadFrameId(guess.bytes[side], frame_id) || ClassOf(frame_id) != FrameClass::kDcp) {
      continue;
    }
    if (!ReadDcpHeader(guess.bytes[side].subspan(2), header)) continue;
    out.verdict = OtVerdict::kYes;
    out.client_side = header.type == kRequest ? side : 1 - side;
    return out;
  }
  return out;
}

OtRecognition RecogniseRt(const OtGuess& guess) {
  OtRecognition out;
  for (int side = 0; side < 2; ++side) {
    std::uint16_t frame_id = 0;
    if (!ReadFrameId(guess.bytes[side], frame_id)) continue;
    const FrameClass kind = ClassOf(frame_id);
    if (kind == FrameClass::kOther || kind == FrameClass::kDcp) continue;
    out.verdict = OtVerdict::kYes;
    out.client_side = side;
    return out;
  }
  return out;
}

OtRecognition RecogniseCm(const OtGuess& guess) {
  OtRecognition out = RecogniseBy(guess, &LookAtCm);
  if (out.verdict != OtVerdict::kYes || guess.server_side >= 0) return out;
  for (int side = 0; side < 2; ++side) {  // the type tells who asks, whatever the ports
    RpcHeader header;
    if (!ReadRpcHeader(guess.bytes[side], header)) continue;
    if (header.type == RpcType::kRequest) out.client_side = side;
    if (header.type == RpcType::kResponse) out.client_side = 1 - side;
  }
  return out;
}

const OtProtocol kDcpProtocol = {
    .service = kDcpService,
    .ether_types = {0x8892},
    .wrong_content = {},
    .techniques = DcpTechniques(),
    .recognise = &RecogniseDcp,
    .make = &MakeLayer2,
};

const OtProtocol kRtProtocol = {
    .service = kRtService,
    .ether_types = {0x8892},
    .wrong_content = {},
    .techniques = RtTechniques(),
    .recognise = &RecogniseRt,
    .make = &MakeLayer2,
};

const OtProtocol kCmProtocol = {
    .service = kCmService,
    .ports = {34964},
    .udp = true,
    .wrong_content = "not-profinet-io-on-34964",
    .techniques = CmTechniques(),
    .head = {{{4}, ByteSet::Range(0, 10)}},
    .recognise = &RecogniseCm,
    .make = &MakeCm,
};

}  // namespace tapiary::capture::profinet
