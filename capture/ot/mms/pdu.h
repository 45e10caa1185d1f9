// From a transport message to the MMS PDU in it: session, presentation, ACSE.
//
// Session (X.225): CONNECT and ACCEPT with parameters, data as "give tokens" and "data transfer"
// (01 00 01 00). Presentation (X.226): CP and CPA sets, user data 0x61. ACSE (X.227): AARQ, AARE,
// RLRQ, RLRE, ABRT, with MMS as user information. Some stacks send MMS right on the transport. The
// way down has a fixed number of steps. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>

#include "capture/ot/ber.h"

namespace tapiary::capture::mms {

enum class Layer : std::uint8_t {
  kNone,     // not understood
  kMms,      // an MMS PDU
  kConnect,  // association request, with or without MMS
  kAccept,
  kRefuse,
  kRelease,   // ACSE release request
  kReleased,  // and response
  kAbort,
};

struct Unwrapped {
  Layer layer = Layer::kNone;
  base::Bytes acse;                                    // the ACSE APDU's content
  base::Bytes mms;                                     // the MMS PDU; empty when there is none
  std::optional<std::uint8_t> refused = std::nullopt;  // kRefuse: reason code (X.225, 8.3.5.10)
};
Unwrapped Unwrap(base::Bytes message);

// MMS PDUs by identifier byte.
inline constexpr std::uint8_t kConfirmedRequest = 0xa0;
inline constexpr std::uint8_t kConfirmedResponse = 0xa1;
inline constexpr std::uint8_t kConfirmedError = 0xa2;
inline constexpr std::uint8_t kUnconfirmed = 0xa3;
inline constexpr std::uint8_t kReject = 0xa4;
inline constexpr std::uint8_t kCancelRequest = 0x85;
inline constexpr std::uint8_t kCancelResponse = 0x86;
inline constexpr std::uint8_t kCancelError = 0xa7;
inline constexpr std::uint8_t kInitiateRequest = 0xa8;
inline constexpr std::uint8_t kInitiateResponse = 0xa9;
inline constexpr std::uint8_t kInitiateError = 0xaa;
inline constexpr std::uint8_t kConcludeRequest = 0x8b;
inline constexpr std::uint8_t kConcludeResponse = 0x8c;
inline constexpr std::uint8_t kConcludeError = 0xad;

struct Look {
  bool possible = false;
  bool request = true;
  bool response = true;
};
// `bytes` is the begin of a message of `size` bytes; SIZE_MAX: not known.
Look LookAt(base::Bytes bytes, std::size_t size);

}  // namespace tapiary::capture::mms
