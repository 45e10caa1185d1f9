// IEEE C37.118.2 commands, configuration and header frames to the fields of a transaction.
//
// Source: IEEE C37.118.2-2011, clauses 6.3-6.6. Configuration 3 has names of any length: only its
// fixed part is decoded. Pure; any thread.
#pragma once

#include "capture/ot/synchrophasor/framing.h"
#include "capture/records.h"

namespace tapiary::capture::synchrophasor {

enum Command : std::uint16_t {
  kDataOff = 1,
  kDataOn = 2,
  kSendHeader = 3,
  kSendConfig1 = 4,
  kSendConfig2 = 5,
  kSendConfig3 = 6,
};

// Of a command frame; 0 when it is cut before it.
std::uint16_t CommandOf(base::Bytes frame);
// The type of the frame that a command asks for; kData: none in particular.
std::uint8_t AnswerOf(std::uint16_t command);

// `bytes` is the frame, maybe cut.
void DecodeCommand(const Frame& frame, base::Bytes bytes, Transaction& out);
// Header and configuration frames. `has_request`: adds to the command's transaction.
void DecodeAnswer(const Frame& frame, base::Bytes bytes, bool has_request, Transaction& out);

}  // namespace tapiary::capture::synchrophasor
