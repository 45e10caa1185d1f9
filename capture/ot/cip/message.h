// One CIP message: the request header with its path, or the response header with its status.
//
// Request: service 1 (below 0x80), path size 1 in words, path, data. Response: service | 0x80,
// reserved 1, general status 1, size of additional status 1 in words, additional status, data.
// Source: CIP Networks Library volume 1, chapter 2-4. Views into the bytes given; pure; any thread.
#pragma once

#include <cstdint>

#include "base/byte_cursor.h"

namespace tapiary::capture::cip {

inline constexpr std::uint8_t kResponseBit = 0x80;

struct RequestView {
  std::uint8_t service = 0;
  base::Bytes path;
  base::Bytes data;
  bool bad = false;  // ends inside its header or path
};
struct ResponseView {
  std::uint8_t service = 0;  // without kResponseBit
  std::uint8_t status = 0;
  base::Bytes extended;  // additional status
  base::Bytes data;
  bool bad = false;
};

RequestView ReadRequest(base::Bytes message);
ResponseView ReadResponse(base::Bytes message);
inline bool IsResponse(base::Bytes message) {
  return !message.empty() && (message[0] & kResponseBit) != 0;
}
// Whether these bytes can be a whole message and are unlikely to be anything else.
bool IsPlausibleMessage(base::Bytes message);

}  // namespace tapiary::capture::cip
