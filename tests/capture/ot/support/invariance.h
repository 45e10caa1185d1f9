// Identical facts however an exchange is cut (OT-01, OT-02, OT-04, OT-08, OT-10, OT-12).
//
// A decoder's test writes one or a few Conversations that use its protocol broadly and calls
// CheckInvariance, or the checks one by one to name tests after fault ids:
//
//   TEST(Dnp3Stream, OT01_AnyCutGivesTheSameFacts) { CheckCuts(Talk()); }
//
// A failure names the variant, the message and the offset. "Whole" is the run with one packet a
// message. Keep conversations short: each byte costs some runs of the meter.
#pragma once

#include "tests/capture/ot/support/conversation.h"

namespace tapiary::capture::test {

// All checks below that apply to the carrier.
void CheckInvariance(const Conversation& talk);

// The same facts, all fields, as whole: a byte a packet; each message cut at each offset; messages
// of one direction in one packet; another batch size; the client at the higher address. TCP.
void CheckCuts(const Conversation& talk);
// The same facts: every packet twice; every packet again after the next message; halves and
// neighbours in the wrong order. TCP.
void CheckRepeatsAndOrder(const Conversation& talk);
// Only the client's packets: the same requests. Only the server's: nothing that is not there.
void CheckOneSided(const Conversation& talk);
// Joined at each message, and (TCP) inside each message at each offset, without handshake: what
// begins later is found.
void CheckMidStream(const Conversation& talk);
// Each message lost; (TCP) each beginning and each end of each message lost: all others are found.
void CheckGaps(const Conversation& talk);
// Captured short at each length: a transaction is right or has an anomaly.
void CheckSnapLengths(const Conversation& talk);

}  // namespace tapiary::capture::test
