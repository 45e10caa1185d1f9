// SLMP frames: 3E and 4E (binary), and MELSOFT, the frames of the engineering tool.
//
// 3E: 50 00 (request) or D0 00, network, station, module I/O, multidrop, length, then of a request
// monitoring timer, command and subcommand, of a response the end code. 4E (54 00, D4 00) has a
// serial number and two zero bytes behind the subheader. All numbers LE. MELSOFT: 57 or D7, a route
// of 19 bytes, length, a command header whose third byte is its length, command (BE), reference,
// size. Sources: Mitsubishi SH-080956ENG (SLMP), SH-080008 (MELSEC); MELSOFT by captures and the
// field names of a published dissector (Black Hat MEA 2023). Pure; any thread.
#pragma once

#include <cstdint>

#include "capture/ot/framer.h"

namespace tapiary::capture::slmp {

inline constexpr std::size_t kMaxFrame = 8192;

enum class Style : std::uint8_t {
  k3E,
  k4E,
  kMelsoft,
  kProbe,  // 5A 00 00 xx and its answer: the engineering tool looks for a device
};

struct Frame {
  Style style = Style::k3E;
  bool response = false;
  std::uint16_t serial = 0;  // 4E; of MELSOFT the reference
  std::uint8_t network = 0;
  std::uint8_t station = 0;
  std::uint16_t module = 0;
  std::uint8_t multidrop = 0;
  std::uint16_t command = 0;     // responses: MELSOFT only
  std::uint16_t subcommand = 0;  // requests of 3E and 4E; of a probe its kind
  std::uint16_t end_code = 0;    // responses
  base::Bytes data;              // behind them, as much as is there
};

// `pdu` as kFraming cut it, perhaps shorter than it was sent. False when even its header is not
// there or not possible.
bool ReadFrame(base::Bytes pdu, Frame& out);

extern const Framing kFraming;

}  // namespace tapiary::capture::slmp
