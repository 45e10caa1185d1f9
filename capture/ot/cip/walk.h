// The messages inside a CIP message: Unconnected Send carries one, Multiple Service Packet many.
//
// A Multiple Service Packet is a part itself, followed by its messages; an Unconnected Send is
// replaced by what it carries, since its response is that of the inner message. Counts and offsets
// are believed only as far as they fit (OT-11): messages must follow each other, so together they
// are never larger than the packet. Depth and number are bounded. Source: CIP Networks Library
// volume 1, appendix and section 3-5.5.4. Pure; any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/byte_cursor.h"

namespace tapiary::capture::cip {

inline constexpr std::size_t kMaxParts = 200;
inline constexpr int kMaxDepth = 4;

struct Part {
  base::Bytes message;
  std::uint64_t key = 0;     // pairs it with its response
  std::uint32_t index = 0;   // in a Multiple Service Packet of `count` messages, from 1; 0: alone
  std::uint32_t count = 0;   // of a Multiple Service Packet itself: how many were found
  bool unconnected = false;  // came in an Unconnected Send
  base::Bytes route;         // and goes this way
  std::uint32_t timeout_ms = 0;  // of it
  std::string_view anomaly;      // static text: "cip-multiple-offset"
};

// `key` is that of the message as a whole; each inner message gets one of its own, which is the
// same for a request and its response. `parts` is overwritten.
void SplitRequest(base::Bytes message, std::uint64_t key, std::vector<Part>& parts);
void SplitResponse(base::Bytes message, std::uint64_t key, std::vector<Part>& parts);
// The key of message `index` of the packet with `key`.
std::uint64_t InnerKey(std::uint64_t key, std::uint32_t index);

}  // namespace tapiary::capture::cip
