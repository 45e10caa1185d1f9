// Recognise: the rule by which a protocol claims a flow, for protocols that judge each side alone.
//
// On a usual port one PDU is enough. Elsewhere it takes two independent matches: both sides, or one
// that is near proof by itself (a checksum). Whoever asks is
// - the other end of the usual port, when the handshake says the same;
// - else by what the PDUs are, when one side's ask and the other's answer: an attacker chooses the
//   port he comes from, and some devices connect from the port they serve on;
// - where port and handshake disagree: whoever spoke first, when that was seen and it is no answer,
//   else by the PDUs of one side, else the one who connected;
// - else by the PDUs of one side, the port or the handshake, whoever was seen first.
// A PDU that only the other side of the port should send is waited with until that side is seen, or
// nothing more comes. Pure; any thread.
#pragma once

#include "capture/ot/decoder.h"

namespace tapiary::capture {

// What the first PDU of one side looks like.
struct OtLook {
  OtVerdict verdict = OtVerdict::kNo;  // kMore: not enough bytes to tell
  bool certain = false;                // near proof by itself
  bool request = true;                 // could be one; both: the bytes do not tell
  bool response = true;

  static OtLook No() { return {}; }
  static OtLook More() { return {OtVerdict::kMore, false, true, true}; }
  static OtLook Yes(bool request, bool response, bool certain = false) {
    return {OtVerdict::kYes, certain, request, response};
  }
};
// `bytes` is not empty. `cut`: its end was not captured. `datagram`: it is whole, more never comes.
using OtJudge = OtLook (*)(base::Bytes bytes, bool cut, bool datagram);

// The rule above. A side without bytes: kNo.
OtRecognition Settle(const OtGuess& guess, const OtLook (&looks)[2]);
int ClientSide(const OtGuess& guess, const OtLook (&looks)[2]);
// Who asks when the PDUs do not tell.
int LikelyClient(const OtGuess& guess);
// Port and handshake disagree about who serves.
bool IsDisputed(const OtGuess& guess);

OtRecognition RecogniseBy(const OtGuess& guess, OtJudge judge);
// For PDUs that tell who asks better than ports do: `asker` is above 0 for the bytes of who asks,
// below 0 for those of who answers.
OtRecognition RecogniseByAsker(const OtGuess& guess, OtJudge judge, int (*asker)(base::Bytes));

// For protocols that are recognised and not decoded: takes everything, says nothing.
std::unique_ptr<OtDecoder> MakeSilentDecoder();

}  // namespace tapiary::capture
