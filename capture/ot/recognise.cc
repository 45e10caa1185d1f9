#include "capture/ot/recognise.h"

namespace tapiary::capture {
namespace {

class SilentDecoder final : public OtDecoder {
 public:
  void OnBytes(bool, base::Bytes, std::int64_t, OtOutput&) override {}
  void OnGap(bool, std::uint32_t, bool, OtOutput&) override {}
  void OnDatagram(bool, base::Bytes, bool, std::int64_t, OtOutput&) override {}
  void Expire(std::int64_t, OtOutput&) override {}
  [[nodiscard]] std::int64_t next_due_ns() const override { return INT64_MAX; }
  void Finish(OtOutput&) override {}
};

bool Asks(const OtLook& look) {
  return look.verdict == OtVerdict::kYes && look.request && !look.response;
}
bool Answers(const OtLook& look) {
  return look.verdict == OtVerdict::kYes && look.response && !look.request;
}

int ClientSide(const OtGuess& guess, const OtLook (&looks)[2]) {
  if (guess.server_side >= 0) return 1 - guess.server_side;
  const bool zero = Asks(looks[0]) || Answers(looks[1]);
  const bool one = Asks(looks[1]) || Answers(looks[0]);
  if (zero != one) return zero ? 0 : 1;
  return guess.first_side;
}

bool Fits(const OtGuess& guess, const OtLook& look, int side) {
  if (guess.server_side < 0) return true;
  return guess.server_side == side ? look.response : look.request;
}

}  // namespace

OtRecognition RecogniseBy(const OtGuess& guess, OtJudge judge) {
  OtLook looks[2];
  bool no = false, more = false, certain = false;
  int yes = 0;
  for (int side = 0; side < 2; ++side) {
    if (guess.bytes[side].empty()) continue;
    looks[side] = judge(guess.bytes[side], guess.cut[side], guess.datagram);
    if (looks[side].verdict == OtVerdict::kMore && guess.datagram) looks[side] = OtLook::No();
    if (looks[side].verdict == OtVerdict::kYes && !Fits(guess, looks[side], side)) {
      looks[side] = OtLook::No();
    }
    no = no || looks[side].verdict == OtVerdict::kNo;
    more = more || looks[side].verdict == OtVerdict::kMore;
    if (looks[side].verdict != OtVerdict::kYes) continue;
    ++yes;
    certain = certain || looks[side].certain;
  }
  OtRecognition out;
  if (certain || (yes > 0 && guess.usual_port) || yes == 2) {
    out.verdict = OtVerdict::kYes;
    out.client_side = ClientSide(guess, looks);
    return out;
  }
  const bool wait = more || (yes == 1 && !no);
  out.verdict = wait && (guess.usual_port || !no) ? OtVerdict::kMore : OtVerdict::kNo;
  return out;
}

OtRecognition RecogniseByAsker(const OtGuess& guess, OtJudge judge, int (*asker)(base::Bytes)) {
  OtRecognition out = RecogniseBy(guess, judge);
  if (out.verdict != OtVerdict::kYes) return out;
  const int score = asker(guess.bytes[0]) - asker(guess.bytes[1]);
  if (score != 0) out.client_side = score > 0 ? 0 : 1;
  return out;
}

std::unique_ptr<OtDecoder> MakeSilentDecoder() {
  return std::make_unique<SilentDecoder>();
}

}  // namespace tapiary::capture
