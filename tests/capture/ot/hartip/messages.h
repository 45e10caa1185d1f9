// HART-IP messages for tests.
#pragma once

#include <fmt/format.h>

#include <string>

#include "base/text.h"
#include "tests/capture/support/meter_run.h"

namespace tapiary::capture::hartip {

// `body`: hex. Type 0 asks, 1 answers.
inline std::string Hip(int type, int id, int sequence, const std::string& body, int status = 0) {
  return fmt::format("01{:02x}{:02x}{:02x}{:04x}{:04x}", type, id, status, sequence,
                     8 + test::Hex(body).size()) +
         body;
}

// A HART PDU with its checksum: delimiter and address, command, data.
inline std::string Hart(const std::string& front, int command, const std::string& data) {
  const std::string covered =
      front + fmt::format("{:02x}{:02x}", command, test::Hex(data).size()) + data;
  unsigned sum = 0;
  for (const std::uint8_t byte : test::Hex(covered)) sum ^= byte;
  return covered + fmt::format("{:02x}", sum);
}

inline constexpr const char* kAsk = "82a606aabbcc";  // long frame, primary master
inline constexpr const char* kAnswer = "86a606aabbcc";

inline std::string Ask(int sequence, int command, const std::string& data) {
  return Hip(0, 3, sequence, Hart(kAsk, command, data));
}
inline std::string Answer(int sequence, int command, const std::string& data) {
  return Hip(1, 3, sequence, Hart(kAnswer, command, data));
}

}  // namespace tapiary::capture::hartip
