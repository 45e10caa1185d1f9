// IEC 60870-5-104 APDUs to the fields of a transaction.
//
// `unit` is the common address, `address` the first information object, `quantity` how many,
// `values` theirs (not floats, which are in detail "points" with all others). Pure; any thread.
#pragma once

#include "capture/ot/iec104/asdu.h"
#include "capture/records.h"

namespace tapiary::capture::iec104 {

inline constexpr std::uint8_t kStartDt = 0x07;
inline constexpr std::uint8_t kStopDt = 0x13;
inline constexpr std::uint8_t kTestFr = 0x43;

// What opens a transaction or stands alone. `command`: from the controlling station, so that it can
// be one.
void DecodeOpening(const Asdu& asdu, bool command, Transaction& out);
// A confirmation or refusal, or what a read command brought.
void DecodeReply(const Asdu& asdu, Transaction& out);
void DecodeTermination(const Asdu& asdu, Transaction& out);

// The act of a con and back; 0: no such U frame.
std::uint8_t ActOf(std::uint8_t control);
bool IsUAct(std::uint8_t control);
void DecodeUFrame(std::uint8_t control, Transaction& out);
void DecodeUReply(Transaction& out);

bool IsNegative(const Asdu& asdu);
// Whether an act-term follows its positive act-con.
bool IsTerminated(const Transaction& request);

}  // namespace tapiary::capture::iec104
