// DNP3 points as an analyst reads them: "ai4=123", and controls with what they order and how it
// went.
//
// Source: IEEE 1815-2012, annex A (objects), A.8.1 (control relay output block). Pure; any thread.
#pragma once

#include <cstdint>
#include <string>

#include "capture/ot/dnp3/headers.h"

namespace tapiary::capture::dnp3 {

// Adds "bi0=1", "ai3=-7", ... for objects that have a value: binary and double-bit inputs, outputs,
// counters, analogue values, IIN bits. As many as a detail holds.
void AddPoints(const ObjectHeader& header, std::string& points);

// A control relay output block or an analogue output.
struct Control {
  std::uint32_t index = 0;
  std::int64_t value = 0;  // control code, or the analogue value (floats: towards zero)
  std::uint8_t status = 0;
  std::string text;  // "12:latch_on", "7:pulse_on trip count=2 on=100 off=50", "3=1.5"
};
bool IsControl(const ObjectHeader& header);
// False for an object that is cut.
bool ReadControl(const ObjectHeader& header, const Object& object, Control& control);

}  // namespace tapiary::capture::dnp3
