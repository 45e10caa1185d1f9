// DNP3 fragments and link frames to the fields of a transaction.
//
// Application: control 1 (FIR 0x80, FIN 0x40, CON 0x20, UNS 0x10, sequence 4 bits), function 1, IIN
// 2 (responses), then object headers with their objects. Source: IEEE 1815-2012, clause 4.2.2. What
// contradicts itself is named in Transaction::anomalies and decoded as far as it goes. Pure; any
// thread.
#pragma once

#include "capture/ot/dnp3/transport.h"
#include "capture/records.h"

namespace tapiary::capture::dnp3 {

struct AppHeader {
  std::uint8_t control = 0;
  std::uint8_t function = 0;
  [[nodiscard]] bool first() const { return (control & 0x80) != 0; }
  [[nodiscard]] bool confirm_wanted() const { return (control & 0x20) != 0; }
  [[nodiscard]] bool unsolicited() const { return (control & 0x10) != 0; }
  [[nodiscard]] std::uint8_t sequence() const { return control & 0x0f; }
};
// False: shorter than control and function.
bool ReadAppHeader(base::Bytes fragment, AppHeader& header);

// A message that opens a transaction: fills everything. Also for messages that stand alone
// (unsolicited responses, confirmations): those of an outstation have IIN and points.
void DecodeOpening(const Fragment& fragment, Transaction& out);
// What answers it. Adds to its transaction and sets the status.
void DecodeAnswer(const Fragment& fragment, Transaction& out);

}  // namespace tapiary::capture::dnp3
