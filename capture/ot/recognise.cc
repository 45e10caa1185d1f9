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

// Who asks by what the PDUs are; -1: they do not tell, or contradict each other.
int ClientByContent(const OtLook (&looks)[2]) {
  const bool zero = Asks(looks[0]) || Answers(looks[1]);
  const bool one = Asks(looks[1]) || Answers(looks[0]);
  if (zero == one) return -1;
  return zero ? 0 : 1;
}

// One side asks and the other one answers.
bool BothTell(const OtLook (&looks)[2]) {
  return (Asks(looks[0]) && Answers(looks[1])) || (Asks(looks[1]) && Answers(looks[0]));
}

bool IsFirm(const OtGuess& guess) {
  return guess.usual_port && guess.server_side >= 0 && guess.server_side == guess.handshake_server;
}

bool Fits(const OtGuess& guess, const OtLook& look, int side) {
  if (guess.server_side < 0 || IsDisputed(guess)) return true;
  return guess.server_side == side ? look.response : look.request;
}

// Where port and handshake disagree, and whoever spoke first answers though nobody asked: a device
// that reports what it could not do, or somebody who wants to look like one.
bool AnswersUnasked(const OtGuess& guess, const OtLook (&looks)[2]) {
  if (!IsDisputed(guess) || !guess.from_start) return false;
  return guess.bytes[1 - guess.first_side].empty() && Answers(looks[guess.first_side]);
}

// What the looks at both sides add up to.
struct Sum {
  bool no = false;
  bool more = false;
  bool certain = false;
  bool doubtful = false;  // a PDU, but from the wrong side
  int yes = 0;
};

Sum SumOf(const OtGuess& guess, const OtLook (&looks)[2]) {
  Sum sum;
  const bool told = BothTell(looks) && !IsFirm(guess);
  const bool unasked = AnswersUnasked(guess, looks);
  for (int side = 0; side < 2; ++side) {
    if (guess.bytes[side].empty()) continue;
    const OtLook& look = looks[side];
    if (look.verdict == OtVerdict::kMore) sum.more = true;
    if (look.verdict == OtVerdict::kNo) sum.no = true;
    if (look.verdict != OtVerdict::kYes) continue;
    if (!unasked && (told || Fits(guess, look, side))) {
      ++sum.yes;
      sum.certain = sum.certain || look.certain;
    } else if (IsFirm(guess)) {
      sum.no = true;
    } else {
      sum.doubtful = true;
      sum.certain = sum.certain || (guess.last && look.certain);
    }
  }
  return sum;
}

}  // namespace

bool IsDisputed(const OtGuess& guess) {
  return guess.server_side >= 0 && guess.handshake_server >= 0 &&
         guess.server_side != guess.handshake_server;
}

int LikelyClient(const OtGuess& guess) {
  if (IsDisputed(guess)) return guess.from_start ? guess.first_side : 1 - guess.handshake_server;
  return guess.server_side >= 0 ? 1 - guess.server_side : guess.first_side;
}

int ClientSide(const OtGuess& guess, const OtLook (&looks)[2]) {
  if (IsFirm(guess)) return 1 - guess.server_side;
  const int content = ClientByContent(looks);
  // One side's form alone is what an attacker made of it.
  const bool first =
      IsDisputed(guess) && guess.from_start && !BothTell(looks) && !AnswersUnasked(guess, looks);
  return content < 0 || first ? LikelyClient(guess) : content;
}

OtRecognition Settle(const OtGuess& guess, const OtLook (&looks)[2]) {
  const Sum sum = SumOf(guess, looks);
  OtRecognition out;
  const bool enough = sum.yes > 0 || (sum.doubtful && guess.last && !sum.no);
  if (sum.certain || (enough && guess.usual_port) || sum.yes == 2) {
    out.verdict = OtVerdict::kYes;
    out.client_side = ClientSide(guess, looks);
    return out;
  }
  // From the wrong side: the other one will tell.
  const bool wait = sum.more || ((sum.yes == 1 || sum.doubtful) && !sum.no);
  if (!wait || (sum.no && !guess.usual_port)) return out;
  out.verdict = OtVerdict::kMore;
  out.matched = sum.yes > 0 || sum.doubtful;
  return out;
}

OtRecognition RecogniseBy(const OtGuess& guess, OtJudge judge) {
  OtLook looks[2];
  for (int side = 0; side < 2; ++side) {
    if (guess.bytes[side].empty()) continue;
    looks[side] = judge(guess.bytes[side], guess.cut[side], guess.datagram);
    if (looks[side].verdict == OtVerdict::kMore && guess.datagram) looks[side] = OtLook::No();
  }
  return Settle(guess, looks);
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
