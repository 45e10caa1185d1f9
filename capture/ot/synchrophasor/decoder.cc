#include "capture/ot/synchrophasor/decoder.h"

#include <iterator>
#include <utility>

#include "capture/ot/detail.h"
#include "capture/ot/synchrophasor/decode.h"

namespace tapiary::capture::synchrophasor {
namespace {

constexpr std::string_view kService = "synchrophasor";
constexpr std::string_view kCounters[] = {
    "synchrophasor.data_frames",    "synchrophasor.header_frames",  "synchrophasor.config1_frames",
    "synchrophasor.config2_frames", "synchrophasor.command_frames", "synchrophasor.config3_frames",
};
static_assert(std::size(kCounters) == kConfig3 + 1);

std::uint64_t PairKey(std::uint16_t id, std::uint8_t answer) {
  return std::uint64_t{id} << 8 | answer;
}

}  // namespace

SynchrophasorDecoder::SynchrophasorDecoder()
    : FramedDecoder(kFraming, kService, "synchrophasor-length") {}

void SynchrophasorDecoder::OnMessage(bool, const Pdu& pdu) {
  Frame frame;
  if (ReadFrame(pdu.bytes, frame).kind != PduFront::Kind::kPdu) return;
  if (!pdu.cut && !CrcFits(pdu.bytes)) return OnFault("synchrophasor-crc");
  out().Count(kCounters[frame.type], 1);
  if (frame.type == kData) return;
  if (frame.type == kCommand) return OnCommand(frame, pdu);
  const std::uint64_t key = PairKey(frame.id, frame.type);
  exchange().OnResponse(OtResponse::Of(pdu, key, frame.type), out());
}

void SynchrophasorDecoder::OnCommand(const Frame& frame, const Pdu& pdu) {
  Transaction request;
  request.protocol = kService;
  request.time_ns = pdu.first_ns;
  DecodeCommand(frame, pdu.bytes, request);
  if (pdu.cut) AddAnomaly(request, "truncated");
  const std::uint8_t answer = AnswerOf(CommandOf(pdu.bytes));
  if (answer == kData) {
    request.status = TransactionStatus::kUnsolicited;
    return out().Emit(std::move(request));
  }
  exchange().OnRequest(PairKey(frame.id, answer), std::nullopt, answer, std::move(request), out());
}

void SynchrophasorDecoder::DecodeResponse(const OtResponse& response, bool has_request,
                                          Transaction& out) {
  Frame frame;
  (void)ReadFrame(response.pdu, frame);
  DecodeAnswer(frame, response.pdu, has_request, out);
}

}  // namespace tapiary::capture::synchrophasor
