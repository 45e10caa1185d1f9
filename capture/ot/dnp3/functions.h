// DNP3 application functions: names, whether they are answered, whether they carry objects; IIN
// bits and control status by name.
//
// Source: IEEE 1815-2012, clauses 4.2.2.5, 4.2.2.6 (IIN) and 11.6 (control status). Pure; any
// thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tapiary::capture::dnp3 {

enum Function : std::uint8_t {
  kConfirm = 0,
  kRead = 1,
  kWrite = 2,
  kDirectOperateNoAck = 6,
  kOpenFile = 25,
  kAbortFile = 30,
  kAuthRequestNoAck = 33,
  kResponse = 129,
  kUnsolicitedResponse = 130,
  kAuthResponse = 131,
};

std::string_view FunctionName(std::uint8_t function);  // "unknown_function"
inline bool IsRequest(std::uint8_t function) {
  return function < kResponse;
}
bool IsKnownFunction(std::uint8_t function);
// False for what no outstation answers: confirmations and the "no acknowledgement" kinds.
bool IsAnswered(std::uint8_t function);
// Whether object headers are followed by objects.
bool CarriesObjects(std::uint8_t function);

// Bits of the second IIN octet that refuse the request: 0 function, 1 object, 2 parameter, 4
// already executing.
inline constexpr std::uint8_t kIinErrors = 0x17;
// "class1_events,need_time": `iin` has the first octet in its high byte.
std::string IinNames(std::uint16_t iin);
std::string_view ControlStatusName(std::uint8_t status);  // empty: not known
std::string_view FileStatusName(std::uint8_t status);     // empty: not known

}  // namespace tapiary::capture::dnp3
