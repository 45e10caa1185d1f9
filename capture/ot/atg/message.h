// Automatic tank gauge (Veeder-Root TLS serial protocol over TCP): commands and the head of
// answers.
//
// Command: SOH, an optional security code of 6 characters, I or S (ask, set), function code of 3
// digits, tank of 2 digits, data, end of line. An answer repeats the command in a line of its own,
// some gauges and honeypots without SOH; "9999FF1B" means not understood. Source: Veeder-Root
// 576013-635 "TLS Serial Interface Manual". Pure; any thread.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "capture/ot/framer.h"
#include "capture/ot/techniques.h"

namespace tapiary::capture::atg {

struct Message {
  bool set = false;
  bool not_understood = false;
  base::Bytes security_code;  // of commands that have one
  std::uint16_t function = 0;
  std::uint8_t tank = 0;
  base::Bytes data;  // behind it, without the end of line
};
// One PDU as kFraming cut it; false for text between and behind messages.
bool ReadCommand(base::Bytes bytes, Message& out);
bool ReadAnswer(base::Bytes bytes, Message& out);

// "in_tank_inventory_report"; empty: not known.
std::string_view FunctionName(std::uint16_t function);
// Set commands have 1000 added.
inline constexpr std::int32_t kSetBase = 1000;
std::span<const TechniqueRow> Techniques();

extern const Framing kFraming;

}  // namespace tapiary::capture::atg
