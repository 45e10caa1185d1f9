#include "capture/ot/mqtt/register.h"

#include "capture/ot/mqtt/decoder.h"
#include "capture/ot/recognise.h"

namespace tapiary::capture::mqtt {
namespace {

// What a client publishes reaches all who subscribe: a command to them.
constexpr TechniqueRow kRows[] = {
    {kConnect, kAnySub, false, "T0859"},
    {kPublish, kAnySub, true, "T0855"},
    {kSubscribe, kAnySub, false, "T0802"},
};

std::unique_ptr<OtDecoder> Make() {
  return std::make_unique<MqttDecoder>();
}

constexpr std::size_t kConnectHead = 14;  // up to the flags, of the longest name and length

// Whole packets up to the end, at least one.
OtVerdict JudgeMidstream(base::Bytes bytes, bool cut) {
  for (int packets = 0; packets < 16; ++packets) {
    const PduFront front = kFraming.front(bytes, true);
    if (front.kind == PduFront::Kind::kBad) return OtVerdict::kNo;
    if (front.kind == PduFront::Kind::kMore || front.size > bytes.size()) {
      return packets > 0 || cut ? OtVerdict::kNo : OtVerdict::kMore;
    }
    bytes = bytes.subspan(front.size);
    if (bytes.empty()) return OtVerdict::kYes;
  }
  return OtVerdict::kNo;
}

}  // namespace

OtRecognition Recognise(const OtGuess& guess) {
  OtRecognition out;
  bool more = false;
  for (int side = 0; side < 2; ++side) {
    const base::Bytes bytes = guess.bytes[side];
    if (bytes.empty()) continue;
    if (bytes[0] == kConnect << 4) {
      if (IsConnect(bytes)) return {OtVerdict::kYes, side, true};
      more = more || (bytes.size() < kConnectHead && !guess.cut[side] &&
                      kFraming.front(bytes, true).kind != PduFront::Kind::kBad);
      continue;
    }
    if (!guess.usual_port) continue;
    const OtVerdict verdict = JudgeMidstream(bytes, guess.cut[side]);
    if (verdict == OtVerdict::kYes) return {OtVerdict::kYes, LikelyClient(guess), true};
    more = more || verdict == OtVerdict::kMore;
  }
  if (more) out.verdict = OtVerdict::kMore;
  return out;
}

const OtProtocol kProtocol = {
    .service = "mqtt",
    .ports = {1883},
    .tcp = true,
    .wrong_content = "not-mqtt-on-1883",
    .techniques = kRows,
    .head = {{{0x10}}},  // CONNECT; others on the usual port only
    .recognise = &Recognise,
    .make = &Make,
};

}  // namespace tapiary::capture::mqtt
